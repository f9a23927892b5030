// Where the text comes from: files, patterns, compressed files, standard input.

import Foundation
@testable import Processes
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct InputTests {
        /// Cuts the corpus at the end of a line near the middle, into two files.
        private func halves(_ site: Site) throws -> [String] {
            let text = Corpora.megabyte
            let middle = try #require(text[500_000...].firstIndex(of: UInt8(ascii: "\n")))
            return [
                try site.write(text[...middle], to: "part-1.txt"),
                try site.write(text[(middle + 1)...], to: "part-2.txt"),
            ]
        }

        private func words(_ ending: Ending) throws -> Double {
            try #require(ending.code == 0, "\(ending)")
            return try #require(ending.number("words"))
        }

        @Test("several files and patterns are one corpus")
        func severalFiles() async throws {
            let site = try Site()
            let whole = try words(await site.train([site.corpus()], "a.bin", "--json"))
            let two = try words(await site.train(halves(site), "b.bin", "--json"))
            let pattern = try words(
                await site.train([site.path("part-*.txt")], "c.bin", "--json"))
            let brackets = try words(
                await site.train([site.path("part-[12].tx?")], "d.bin", "--json"))
            #expect(whole == two && two == pattern && pattern == brackets)
        }

        @Test("a pattern without matches is named")
        func noMatch() async throws {
            let site = try Site()
            let ending = try await site.train([site.path("none-*.txt")])
            try await site.expect(ending, fails: 66, saying: "none-*.txt")
        }

        @Test("standard input is a corpus like any other, and leaves no copy behind")
        func standardInput() async throws {
            let site = try Site()
            let corpus = try site.corpus()
            let options = "--deterministic"
            #expect(try await site.train([corpus], "a.bin", options).code == 0)
            let piped = try await site.train(["-"], "b.bin", options, input: corpus)
            #expect(piped.code == 0, "\(piped)")
            #expect(try site.bytes("a.bin") == site.bytes("b.bin"))
            try await site.expectNothingLeft()
        }

        @Test("35: an empty standard input has no words, and leaves no copy behind")
        func emptyInput() async throws {
            let site = try Site()
            try await site.expect(try await site.train(["-"]), fails: 65, saying: "empty")
        }

        @Test(
            "compressed text trains the same vectors as plain text",
            arguments: [["gzip"], ["zstd", "-q"]])
        func compressed(_ tool: [String]) async throws {
            let site = try Site()
            let corpus = try site.corpus()
            #expect(try await site.train([corpus], "a.bin", "--deterministic").code == 0)
            let packed = try await Program("/usr/bin/env", tool + ["-k", corpus], in: site)
                .ending(within: 30)
            // A machine without the tool has no such files either.
            if packed.code == 127 { return print("skipped: \(tool[0]) is missing") }
            try #require(packed.code == 0, "\(packed)")
            let name = tool[0] == "gzip" ? "corpus.txt.gz" : "corpus.txt.zst"
            let ending = try await site.train([site.path(name)], "b.bin", "--deterministic")
            #expect(ending.code == 0, "\(ending)")
            #expect(try site.bytes("a.bin") == site.bytes("b.bin"))
            try await site.expectNothingLeft()
        }
    }
}
