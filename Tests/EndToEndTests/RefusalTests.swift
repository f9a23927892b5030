// What cannot be done ends with the right code and a sentence, and leaves nothing behind.

import Foundation
@testable import Processes
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct RefusalTests {
        @Test("41: a corpus that is missing, or no file, is named")
        func missingCorpus() async throws {
            let site = try Site()
            let missing = try await site.train([site.path("nothing.txt")])
            try await site.expect(missing, fails: 66, saying: "nothing.txt")
            let folder = try await site.train([site.temporary])
            try await site.expect(folder, fails: 66, saying: site.temporary)
        }

        @Test("35: an empty corpus is a fault of the data")
        func emptyCorpus() async throws {
            let site = try Site()
            let ending = try await site.train([site.write("", to: "empty.txt")])
            try await site.expect(ending, fails: 65, saying: "empty", besides: ["empty.txt"])
        }

        @Test("a corpus of which no word is left tells the largest count")
        func nothingLeft() async throws {
            let site = try Site()
            let few = try site.write("one two two three three three\n", to: "few.txt")
            let ending = try await site.train([few])
            try await site.expect(
                ending, fails: 65, saying: "occurs 3 times", "--min-count", besides: ["few.txt"])
        }

        @Test("41: settings out of range are refused before anything starts", arguments: [
            ["--dim", "0"], ["--dim", "1000000000"], ["--workers", "0"], ["--threads", "0"],
            ["--window", "0"], ["--negative", "-1"], ["--epochs", "0"], ["--min-count", "0"],
            ["--alpha", "nan"], ["--alpha", "0"], ["--sample", "2"], ["--momentum", "1"],
            ["--momentum", "-inf"],
            ["--format", "parquet"], ["--cluster", "nowhere"], ["--cluster", "http://host:1"],
        ])
        func settings(_ flags: [String]) async throws {
            let site = try Site()
            let corpus = try site.corpus()
            let ending = try await site.sounder(
                "train", "sgns", "--input", corpus, "--output", site.path("v.bin"),
                flags[0] + "=" + flags[1])
            try await site.expect(
                ending, fails: 64, saying: flags[1], besides: ["corpus.txt"])
            #expect(ending.seconds < 5)
        }

        @Test("an output is no input and no other output, however they are named")
        func sameFile() async throws {
            let site = try Site()
            let corpus = try site.corpus()
            let detour = site.directory + "/./"
            let cases = [
                (["v.bin"], ["--output-vectors", detour + "v.bin"], "v.bin"),
                (["v.bin"], ["--checkpoint", detour + "v.bin"], "v.bin"),
                (["v.npy"], ["--output-vectors", detour + "v.vocab"], "v.vocab"),
            ]
            for (output, more, name) in cases {
                let ending = try await Program(
                    "sounder", Site.training([corpus], site.path(output[0])) + more, in: site
                ).ending()
                try await site.expect(ending, fails: 64, saying: name, besides: ["corpus.txt"])
            }
            let text = try site.write(Data(contentsOf: URL(filePath: corpus)), to: "c.vocab")
            let over = try await Program(
                "sounder", Site.training([text], site.path("c.npy")), in: site
            ).ending()
            try await site.expect(
                over, fails: 64, saying: "input as well", besides: ["corpus.txt", "c.vocab"])
        }

        @Test("33: an output that cannot be written is found out before the work")
        func badOutput() async throws {
            let site = try Site()
            let corpus = try site.corpus()
            // Not even root may write here.
            let outputs = [
                "/proc/none/v.bin", site.path("missing/v.bin"), site.temporary, "/dev/null",
            ]
            for output in outputs {
                let ending = try await site.sounder(
                    "train", "sgns", "--input", corpus, "--output", output)
                try await site.expect(ending, fails: 73, saying: output, besides: ["corpus.txt"])
            }
        }

        @Test("28: a full disk leaves no partial file", .enabled(if: geteuid() == 0, "needs root"))
        func fullDisk() async throws {
            let site = try Site()
            let disk = site.path("disk")
            mkdir(disk, 0o700)
            let mounted = try await Program(
                "/usr/bin/env", ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], in: site
            ).ending()
            guard mounted.code == 0 else { return print("skipped: tmpfs cannot be mounted") }
            defer { umount2(disk, Int32(MNT_DETACH)) }
            let ending = try await site.sounder(
                "train", "sgns", "--input", site.corpus(), "--output", disk + "/v.bin", "--quiet")
            #expect(ending.code == 73, "\(ending)")
            #expect(ending.errors.contains(disk + "/v.bin"), "\(ending)")
            #expect(site.names(in: "disk").isEmpty)
            try await site.expectNothingLeft()
        }

        @Test(
            "compressed text that is cut or damaged is a fault of the data",
            arguments: ["cut", "damaged"])
        func corruptGzip(_ kind: String) async throws {
            let site = try Site()
            let corpus = try site.corpus()
            _ = try await Program("/usr/bin/env", ["gzip", corpus], in: site).ending()
            var bytes = try site.bytes("corpus.txt.gz")
            if kind == "cut" { bytes.removeLast(1_000) } else { bytes[bytes.count / 2] ^= 0xff }
            let bad = try site.write(bytes, to: "bad.txt.gz")
            let ending = try await site.train([bad])
            try await site.expect(
                ending, fails: 65, saying: "bad.txt.gz",
                besides: ["bad.txt.gz", "corpus.txt.gz"])
        }

        @Test("vectors that are missing or malformed are named")
        func badVectors() async throws {
            let site = try Site()
            let missing = site.path("none.bin")
            let pairs = try site.write(Data("a b 1\n".utf8), to: "pairs.txt")
            for command in [["neighbours", "a"], ["eval", "words", "--similarity", pairs]] {
                let ending = try await Program(
                    "sounder", command + ["--vectors", missing], in: site).ending()
                try await site.expect(
                    ending, fails: 66, saying: "none.bin", besides: ["pairs.txt"])
            }
            let texts = [
                "", "nonsense", "3 4\na 1 2\n", "99999999999 300\n", "2 2\na 1 x\nb 1 2\n",
            ]
            for text in texts {
                let bad = try site.write(text, to: "bad.bin")
                let ending = try await site.sounder("neighbours", "--vectors", bad, "a")
                try await site.expect(
                    ending, fails: 65, saying: "bad.bin",
                    besides: ["bad.bin", "pairs.txt"])
            }
        }

        @Test("a word without a vector is named")
        func unknownWord() async throws {
            let site = try Site()
            let vectors = try site.write("2 2\na 1 2\nb 3 4\n", to: "v.txt")
            let ending = try await site.sounder("neighbours", "--vectors", vectors, "zebra")
            try await site.expect(ending, fails: 65, saying: "zebra", besides: ["v.txt"])
        }
    }
}
