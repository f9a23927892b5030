// Phrases and vectors of mutual information, from a command to a file.

import Foundation
import TestSupport
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct PhraseTests {
        private func find(
            _ site: Site, _ input: String, _ output: String, _ more: String...
        ) async throws -> Ending {
            let arguments = [
                "phrases", "--input", input, "--output", site.path(output), "--min-count", "3",
                "--threshold", "20", "--passes", "2", "--quiet", "--json",
            ]
            let ending = try await Program("sounder", arguments + more, in: site)
                .ending(within: 180)
            try #require(ending.code == 0, "\(ending)")
            return ending
        }

        @Test("the text is the one that gensim makes, whatever the workers and the compression")
        func gensim() async throws {
            let site = try Site()
            let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("../Fixtures/phrases")
            let text = fixtures.appendingPathComponent("text.txt").path
            let expected = try Data(contentsOf: fixtures.appendingPathComponent("pass-2.txt"))
            let one = try await find(site, text, "1.txt", "--list", site.path("list.tsv"))
            #expect(one.json["phrases"] as? [Int] == [63, 24])
            #expect(try site.bytes("1.txt") == expected)
            let list = String(decoding: try site.bytes("list.tsv"), as: UTF8.self)
                .split(separator: "\n")
            #expect(list.count == 87)
            #expect(list.allSatisfy { $0.split(separator: "\t").count == 3 })
            _ = try await find(site, text, "3.txt", "--workers", "3", "--threads", "1")
            #expect(try site.bytes("3.txt") == expected)
            try await site.expectNothingLeft()
        }

        @Test("what cannot be done is refused before anything is written")
        func refusals() async throws {
            let site = try Site()
            let corpus = try site.corpus()
            let cases: [([String], Int32, String)] = [
                (["--output", corpus], 64, "input"),
                (["--output", site.path("none/o")], 73, "none"),
                (["--output", site.path("o"), "--delimiter", " "], 64, "--delimiter"),
                (["--output", site.path("o"), "--passes", "0"], 64, "--passes"),
                (["--output", site.path("o"), "--list", site.path("o")], 64, "one file"),
                (["--output", site.path("o"), "--list", site.path("./o")], 64, "one file"),
            ]
            for (flags, code, word) in cases {
                let ending = try await Program(
                    "sounder", ["phrases", "--input", corpus, "--quiet"] + flags, in: site
                ).ending(within: 20)
                try await site.expect(
                    ending, fails: code, saying: word, besides: ["corpus.txt"])
            }
        }

        @Test("mutual information gives the same vectors for one worker and three")
        func mutualInformation() async throws {
            let site = try Site()
            func train(_ output: String, _ more: String...) async throws -> Ending {
                let arguments = [
                    "train", "sppmi", "--input", try site.corpus(), "--output",
                    site.path(output), "--dim", "16", "--quiet", "--json",
                ]
                let ending = try await Program("sounder", arguments + more, in: site)
                    .ending(within: 180)
                try #require(ending.code == 0, "\(ending)")
                return ending
            }
            let one = try await train("1.bin")
            for key in ["pairs", "cells", "vocabulary", "secondsFactorising", "seconds"] {
                #expect(try #require(one.number(key)) > 0, "\(key)")
            }
            _ = try await train("3.bin", "--workers", "3", "--threads", "2")
            #expect(try site.bytes("1.bin") == (try site.bytes("3.bin")))
            try await site.expectNothingLeft()
        }
    }
}
