// Fewer and smaller vectors of tokens, from the command line.

import Foundation
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct TokenReductionTests {
        private func settings(_ site: Site) throws -> [String: String] {
            let manifest = try site.manifest("docs.index")
            return (manifest["model"] as? [String: Any])?["settings"] as? [String: String] ?? [:]
        }

        /// Tokens of each segment.
        private func tokens(_ site: Site) throws -> [Int] {
            let manifest = try site.manifest("docs.index")
            let segments = manifest["segments"] as? [[String: Any]] ?? []
            return segments.compactMap { $0["tokens"] as? Int }
        }

        /// Adds documents to the index.
        ///
        /// - Returns: the file that they stand in.
        private func add(
            _ numbers: Range<Int>, of texts: [String], to site: Site
        ) async throws -> String {
            let lines = numbers.map { #"{"_id": "d\#($0)", "text": "\#(texts[$0])"}"# + "\n" }
            let more = try site.write(lines.joined(), to: "more.jsonl")
            let added = try await Program(
                "sounder", ["index", "add", "--index", site.path("docs.index"), "--input", more],
                in: site
            ).ending(within: 180)
            try #require(added.code == 0, "\(added)")
            return more
        }

        @Test("an index of pooled tokens is smaller, finds the same, and grows in the same way")
        func index() async throws {
            let site = try Site()
            let texts = Site.texts(320)
            let input = try site.documents(300)
            try #require(try await site.buildIndex([input]).code == 0)
            let all = try tokens(site).reduce(0, +)
            let question = try await site.search(texts[20], "--top", "1", "--explain")
            let built = try await site.buildIndex(
                [input], "docs.index", "--overwrite", "--pool-factor", "2")
            try #require(built.code == 0, "\(built)")
            #expect(try settings(site)["poolFactor"] == "2")
            let pooled = try tokens(site).reduce(0, +)
            #expect(2 * pooled < all + 2 * 300 && 2 * pooled > all - 300, "\(pooled) of \(all)")
            let answer = try await site.search(texts[20], "--top", "3", "--explain")
            #expect(answer.hits.contains("d20"), "\(answer)")
            func explained(_ ending: Ending) -> Int? {
                let hits = ending.json["hits"] as? [[String: Any]]
                return (hits?.first?["explanation"] as? [Any])?.count
            }
            #expect(explained(answer) == explained(question), "a query keeps all of its tokens")

            let more = try await add(300..<320, of: texts, to: site)
            let last = try #require(try tokens(site).last)
            try #require(try await site.buildIndex([more], "whole.index").code == 0)
            let whole = try site.manifest("whole.index")
            let segments = whole["segments"] as? [[String: Any]] ?? []
            let unpooled = segments.compactMap { $0["tokens"] as? Int }.reduce(0, +)
            #expect(2 * last < unpooled + 2 * 20 && last < unpooled, "\(last) of \(unpooled)")
            #expect(try await site.search(texts[310], "--top", "3").hits.contains("d310"))
        }

        @Test("an index keeps the first numbers of its vectors, and its queries do, too")
        func dimension() async throws {
            let site = try Site()
            let built = try await site.buildIndex(
                [site.documents(200)], "docs.index", "--dimension", "8", "--keep-tokens", "5",
                "--dense")
            try #require(built.code == 0, "\(built)")
            #expect(built.number("dimension") == 8)
            #expect(try settings(site)["dimension"] == "8")
            #expect(try tokens(site).reduce(0, +) <= 5 * 200)
            let text = Site.texts(200)[7]
            #expect(try await site.search(text, "--top", "5").hits.contains("d7"))
            // The vector of a passage is as the model has it.
            let dense = try await site.search(text, "--pipeline", "dense:5")
            #expect(dense.hits.contains("d7"), "\(dense)")
        }

        @Test("an index learns its principal components, alike with any workers, and grows by them")
        func components() async throws {
            let site = try Site()
            let texts = Site.texts(320)
            let input = try site.documents(300)
            func scores(_ ending: Ending) -> [Float] {
                let hits = ending.json["hits"] as? [[String: Any]] ?? []
                return hits.compactMap { ($0["score"] as? NSNumber)?.floatValue }
            }
            // All components only turn the vectors.
            for flags in [[], ["--principal-components", "32"]] {
                let built = try await Program(
                    "sounder",
                    site.indexing([input], flags.isEmpty ? "plain" : "turned")
                        + ["--store", "f32"] + flags, in: site
                ).ending(within: 180)
                try #require(built.code == 0, "\(built)")
            }
            let plain = try await site.search(texts[20], "--exhaustive", index: "plain")
            let turned = try await site.search(texts[20], "--exhaustive", index: "turned")
            #expect(plain.hits == turned.hits && plain.hits.contains("d20"), "\(turned)")
            for (a, b) in zip(scores(plain), scores(turned)) { #expect(abs(a - b) < 1e-3) }

            var found: [[String: Data]] = []
            for workers in ["1", "3"] {
                let built = try await site.buildIndex(
                    [input], "docs.index", "--overwrite", "--principal-components", "8",
                    "--workers", workers, "--threads", "1")
                try #require(built.code == 0, "\(built)")
                #expect(built.number("dimension") == 8)
                found.append(try site.indexContent("docs.index"))
            }
            #expect(found[0] == found[1])
            #expect(try settings(site)["principalComponents"] == "8")
            _ = try await add(300..<320, of: texts, to: site)
            for number in [20, 310] {
                let answer = try await site.search(texts[number], "--top", "5")
                #expect(answer.hits.contains("d\(number)"), "\(answer)")
            }
        }

        @Test("encoded tokens are pooled, pruned and projected alike by any workers and by a pipe")
        func encode() async throws {
            let site = try Site()
            let input = try site.documents(60)
            let flags = [
                "--tokens", "--pool-factor", "2", "--keep-tokens", "6", "--projection", "12",
            ]
            let all = try await site.encode([input], "all", "--tokens")
            try #require(all.code == 0, "\(all)")
            var found: [Data] = []
            for (name, workers) in [("one", "1"), ("two", "2")] {
                let arguments = ["--workers", workers, "--threads", workers] + flags
                let ending = try await Program(
                    "sounder",
                    [
                        "encode", "--model", Site.tinyModel, "--json", "--quiet", "--output",
                        site.path(name), "--input", input,
                    ] + arguments, in: site
                ).ending(within: 180)
                try #require(ending.code == 0, "\(ending)")
                #expect(ending.number("dimension") == 12)
                let rows = try #require(ending.number("rows"))
                #expect(rows <= 6 * 60 && rows < (all.number("rows") ?? 0), "\(ending)")
                found.append(try site.bytes("\(name)/vectors-00000.npy"))
                found.append(try site.bytes("\(name)/lengths-00000.npy"))
            }
            #expect(found[0] == found[2] && found[1] == found[3])
            let piped = try await Program(
                "sounder",
                ["encode", "-", "--model", Site.tinyModel, "--quiet"] + flags, in: site,
                input: input
            ).ending(within: 180)
            #expect(piped.code == 0, "\(piped)")
            let lengths = try piped.output.split(separator: "\n").map { line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
                return ((object as? [String: Any])?["vectors"] as? [[Double]])?.map(\.count) ?? []
            }
            #expect(lengths.count == 60 && lengths.joined().allSatisfy { $0 == 12 })
            let header = String(decoding: found[0].prefix(128), as: UTF8.self)
            #expect(header.contains("(\(lengths.joined().count), 12)"), "\(header)")
        }

        @Test("settings that nothing can obey are refused in words")
        func refused() async throws {
            let site = try Site()
            let input = try site.documents(3)
            let cases: [([String], String)] = [
                (["--pool-factor", "2"], "--tokens"),
                (["--tokens", "--pool-factor", "0"], "--pool-factor 0"),
                (["--tokens", "--keep-tokens", "-1"], "--keep-tokens"),
                (["--tokens", "--projection", "8", "--dimension", "8"], "exclude each other"),
                (["--tokens", "--projection-seed", "8"], "--projection-seed"),
                (["--tokens", "--projection", "33"], "33"),
                (["--tokens", "--pool-factor", "2", "--no-normalize"], "--no-normalize"),
            ]
            for (arguments, part) in cases {
                let ending = try await Program(
                    "sounder",
                    [
                        "encode", "--model", Site.tinyModel, "--output", site.path("out"),
                        "--input", input,
                    ] + arguments, in: site
                ).ending(within: 30)
                #expect(ending.code == 64 && ending.errors.contains(part), "\(ending)")
            }
            let index = try await site.buildIndex(
                [input], "docs.index", "--projection", "8", "--dimension", "8")
            #expect(index.code == 64 && index.errors.contains("exclude each other"), "\(index)")
            for (components, part) in [("8", "exclude each other"), ("33", "32 numbers")] {
                let more = components == "8" ? ["--projection", "8"] : []
                let refused = try await Program(
                    "sounder",
                    site.indexing([input]) + ["--principal-components", components] + more,
                    in: site
                ).ending(within: 180)
                #expect(refused.code == 64 && refused.errors.contains(part), "\(refused)")
            }
        }
    }
}
