// `sounder vector`, and the neighbours of words that no training has met.

import Foundation
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct VectorTests {
        private static func fixture(_ name: String) -> String {
            URL(fileURLWithPath: #filePath).appendingPathComponent(
                "../../Fixtures/fasttext/\(name)"
            )
            .standardized.path
        }

        /// The numbers that fastText and gensim give a word of a model.
        private func expected(_ model: String, _ word: String) throws -> [Float] {
            let text = try String(contentsOfFile: Self.fixture("expected.tsv"), encoding: .utf8)
            let line = try #require(
                text.split(separator: "\n").first { $0.hasPrefix("\(model)\t\(word)\t") })
            return line.split(separator: "\t").dropFirst(2).compactMap { Float($0) }
        }

        @Test("words have their vectors, seen or not, as arguments and from standard input")
        func vectors() async throws {
            let site = try Site()
            let model = Self.fixture("toy-model.bin")
            let named = try await site.sounder("vector", "--vectors", model, "the", "definately")
            #expect(named.code == 0, "\(named)")
            let lines = named.output.split(separator: "\n").map { $0.split(separator: " ") }
            #expect(lines.map { $0[0] } == ["the", "definately"])
            for line in lines {
                let numbers = line.dropFirst().compactMap { Float($0) }
                #expect(try numbers == expected("toy-model", String(line[0])))
            }
            let words = try site.write("the\n\n definately", to: "words.txt")
            for more in [[], ["-"]] {
                let piped = try await Program(
                    "sounder", ["vector", "--vectors", model] + more, in: site, input: words
                ).ending()
                #expect(piped.code == 0 && piped.output == named.output, "\(piped)")
            }
            let json = try await site.sounder("vector", "--vectors", model, "--json", "the")
            #expect(json.json["word"] as? String == "the")
            let numbers = try #require(json.json["vector"] as? [NSNumber])
            #expect(try numbers.map(\.floatValue) == expected("toy-model", "the"))
        }

        @Test("a file that is no .bin has no vector for a word that it lacks, and prints none")
        func unknown() async throws {
            let site = try Site()
            let vectors = Self.fixture("toy-model.vec")
            let ending = try await site.sounder(
                "vector", "--vectors", vectors, "the", "definately")
            try await site.expect(ending, fails: 65, saying: "definately")
            let missing = try await site.sounder("vector", "--vectors", site.path("none"), "the")
            try await site.expect(missing, fails: 66, saying: "none")
        }

        @Test("a misspelt word has neighbours in a .bin, and the .bin is evaluated")
        func neighbours() async throws {
            let site = try Site()
            let model = Self.fixture("lee_fasttext.bin")
            let ending = try await site.sounder(
                "neighbours", "--vectors", model, "--top", "3", "goverment")
            #expect(ending.code == 0 && ending.output.contains("government"), "\(ending)")
            let pairs = try site.write("the of 1\nthe and 2\nof and 3\n", to: "pairs.txt")
            let judged = try await site.sounder(
                "eval", "words", "--vectors", model, "--similarity", pairs, "--json")
            #expect(judged.number("dimension") == 10 && judged.number("words") == 1_762)
        }
    }
}
