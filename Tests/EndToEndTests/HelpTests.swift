// What the programs say about themselves.

import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct HelpTests {
        @Test(
            "the help of every command succeeds and gives an example",
            arguments: [
                ["sounder"], ["sounder", "train"], ["sounder", "train", "sgns"],
                ["sounder", "train", "cbow"], ["sounder", "train", "fasttext"],
                ["sounder", "train", "glove"], ["sounder", "up"],
                ["sounder", "estimate"], ["sounder", "estimate", "train", "sgns"],
                ["sounder", "estimate", "train", "fasttext"],
                ["sounder", "estimate", "train", "glove"],
                ["sounder", "estimate", "train", "sppmi"],
                ["sounder", "jobs"], ["sounder", "status"], ["sounder", "cancel"],
                ["sounder", "fetch"], ["sounder", "top"], ["sounder", "doctor"],
                ["sounder", "train", "sppmi"], ["sounder", "phrases"],
                ["sounder", "encode"], ["sounder", "chunk"], ["sounder", "neighbours"],
                ["sounder", "vector"], ["sounder", "eval"],
                ["sounder", "model"], ["sounder", "model", "pull"],
                ["sounder", "eval", "words"], ["sounder-coordinator"], ["sounder-worker"],
            ])
        func help(_ command: [String]) async throws {
            let site = try Site()
            let ending = try await Program(
                command[0], command.dropFirst() + ["--help"], in: site
            ).ending(within: 10)
            #expect(ending.code == 0, "\(ending)")
            #expect(ending.output.contains("Example"), "\(ending)")
            #expect(ending.errors.isEmpty)
        }

        @Test(
            "an unknown command or option is a fault of usage",
            arguments: ["nonsense", "--nonsense"])
        func unknown(_ argument: String) async throws {
            let site = try Site()
            let ending = try await site.sounder(argument)
            try await site.expect(ending, fails: 64, saying: "nonsense")
        }
    }
}
