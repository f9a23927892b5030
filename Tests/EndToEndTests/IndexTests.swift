// Indexes from the command line: built, searched, changed, damaged.

import Foundation
import Testing

@testable import Processes

extension Site {
    func buildIndex(
        _ inputs: [String], _ output: String = "docs.index", _ more: String...,
        within seconds: Double = 180
    ) async throws -> Ending {
        try await Program("sounder", indexing(inputs, output) + more, in: self)
            .ending(within: seconds)
    }

    func indexing(_ inputs: [String], _ output: String = "docs.index") -> [String] {
        [
            "index", "build", "--model", Site.tinyModel, "--output", path(output), "--json",
            "--quiet", "--input",
        ] + inputs
    }

    func search(_ arguments: String..., index: String = "docs.index") async throws -> Ending {
        try await Program(
            "sounder", ["search", "--index", path(index), "--json", "--quiet"] + arguments,
            in: self
        ).ending(within: 180)
    }

    /// Everything of an index but its lock.
    func indexContent(_ folder: String) throws -> [String: Data] {
        try content(of: folder).filter { $0.key != "lock" }
    }
}

extension Ending {
    /// Ids of the hits of one query.
    var hits: [String] {
        (json["hits"] as? [[String: Any]])?.compactMap { $0["id"] as? String } ?? []
    }
}

extension EndToEnd {
    @Suite(.serialized)
    struct IndexTests {
        private func queries(_ site: Site, _ numbers: [Int]) throws -> String {
            let texts = Site.texts(numbers.max().map { $0 + 1 } ?? 0)
            let lines = numbers.map { #"{"_id": "q\#($0)", "text": "\#(texts[$0])"}"# + "\n" }
            return try site.write(lines.joined().utf8, to: "queries.jsonl")
        }

        @Test("a document is found by its own text, by vectors and by words")
        func found() async throws {
            let site = try Site()
            // A word of its own in each.
            let texts = Site.texts(400).enumerated().map { "\($1) no\($0)" }
            let lines = texts.enumerated().map { #"{"_id": "d\#($0)", "text": "\#($1)"}"# + "\n" }
            let input = try site.write(lines.joined().utf8, to: "docs.jsonl")
            let built = try await site.buildIndex([input], "docs.index", "--bits", "8", "--dense")
            try #require(built.code == 0, "\(built)")
            #expect(built.number("passages") == 400)
            for number in [3, 250] {
                for pipeline in [
                    "maxsim:3", "bm25:3", "bm25:100,maxsim:3", "dense:3",
                    "bm25:50,dense:50,maxsim:3",
                ] {
                    let answer = try await site.search(texts[number], "--pipeline", pipeline)
                    try #require(answer.code == 0, "\(answer)")
                    #expect(answer.hits.contains("d\(number)"), "\(pipeline): \(answer)")
                }
            }
            let judged = try await site.search(
                texts[3], "--pipeline", "bm25:20,cross-encoder:5", "--cross-encoder",
                Site.tinyModel.replacingOccurrences(
                    of: "models/tiny-bert", with: "cross-encoders/bert"))
            #expect(judged.code == 0 && judged.hits.count == 5, "\(judged)")
            let shown = try await site.search(texts[3], "--top", "1", "--text", "--explain")
            let hit = try #require((shown.json["hits"] as? [[String: Any]])?.first, "\(shown)")
            #expect(hit["text"] as? String == texts[3])
            #expect((hit["explanation"] as? [Any])?.isEmpty == false)
            let fused = try await site.search(
                texts[3], "--pipeline", "bm25:9,dense:9", "--top", "1", "--text")
            let first = try #require((fused.json["hits"] as? [[String: Any]])?.first, "\(fused)")
            #expect(first["text"] as? String == texts[3])
            #expect(fused.hits.count == 1)
        }

        @Test("one worker and three find the same passages with the same scores")
        func sharded() async throws {
            let site = try Site()
            let built = try await site.buildIndex(
                [site.documents(600)], "docs.index", "--segment-passages", "100")
            try #require(built.code == 0, "\(built)")
            let file = try queries(site, Array(stride(from: 0, to: 600, by: 40)))
            for workers in ["1", "3"] {
                let run = try await site.search(
                    "--queries", file, "--top", "20", "--workers", workers, "--threads", "1",
                    "--probes", "2", "--candidates", "100",
                    "--output", site.path("run-\(workers)"))
                try #require(run.code == 0, "\(run)")
                #expect(run.number("queries") == 15)
            }
            #expect(try site.bytes("run-1") == site.bytes("run-3"))
        }

        @Test("documents come, go and are replaced, and the index stays sound")
        func changed() async throws {
            let site = try Site()
            let texts = Site.texts(320)
            try #require(try await site.buildIndex([site.documents(300)]).code == 0)
            let folder = site.path("docs.index")
            func index(_ arguments: String...) async throws -> Ending {
                try await Program("sounder", ["index"] + arguments, in: site).ending(within: 180)
            }
            let more = try site.write(
                (300..<320).map { #"{"_id": "d\#($0)", "text": "\#(texts[$0])"}"# + "\n" }
                    .joined() + #"{"_id": "d7", "text": "\#(texts[310])"}"# + "\n",
                to: "more.jsonl")
            let added = try await index("add", "--index", folder, "--input", more, "--json")
            try #require(added.code == 0, "\(added)")
            #expect(added.number("passages") == 320 && added.number("replaced") == 1, "\(added)")
            #expect(try await site.search(texts[310], "--top", "2").hits.contains("d310"))
            let deleted = try await index(
                "delete", "--index", folder, "d310", "d311", "nobody", "--json")
            #expect(deleted.number("deleted") == 2 && deleted.number("unknown") == 1, "\(deleted)")
            #expect(try await !site.search(texts[310], "--top", "50").hits.contains("d310"))
            #expect(
                try await !site.search(texts[310], "--pipeline", "bm25:50").hits.contains("d310"))
            let before = try await site.search(texts[20], "--top", "10", "--exhaustive").hits
            #expect(try await index("compact", "--index", folder).code == 0)
            #expect(
                try await site.search(texts[20], "--top", "10", "--exhaustive").hits == before)
            #expect(try await index("verify", "--index", folder).code == 0)
            let info = try await index("info", "--index", folder, "--json")
            #expect((info.json["segments"] as? [Any])?.count == 1, "\(info)")
        }

        @Test("files without documents leave dense vectors to the others, wherever they stand")
        func blank() async throws {
            let site = try Site()
            let full = try site.documents(40)
            let blank = try site.write("\n".utf8, to: "blank.jsonl")
            for (output, inputs) in [("first", [blank, full]), ("last", [full, blank])] {
                let built = try await site.buildIndex(inputs, output, "--dense")
                try #require(built.code == 0 && built.number("passages") == 40, "\(built)")
                let found = try await site.search(
                    Site.texts(40)[3], "--pipeline", "dense:3", index: output)
                #expect(found.code == 0 && found.hits.contains("d3"), "\(found)")
            }
        }

        @Test("of documents of one id the first is indexed and the others are skipped and listed")
        func repeated() async throws {
            let site = try Site()
            let first = try site.write(
                """
                {"_id": "a", "text": "the hog"}
                {"_id": "b", "text": ""}
                {"_id": "c", "text": "the river"}
                {"_id": "a", "text": "the hog once more"}
                """, to: "one.jsonl")
            let second = try site.write(
                """
                {"_id": "c", "text": "the river again"}
                {"_id": "b", "text": "the wild hog"}
                """, to: "two.jsonl")
            let built = try await site.buildIndex(
                [first, second], "docs.index", "--on-error", "skip", "--workers", "2")
            try #require(built.code == 0, "\(built)")
            #expect(built.number("documents") == 3 && built.number("passages") == 3, "\(built)")
            #expect(built.number("skipped") == 3, "\(built)")
            let found = try await site.search("hog", "--exhaustive", "--text", "--top", "9")
            let hits = try #require(found.json["hits"] as? [[String: Any]], "\(found)")
            let texts = hits.compactMap { $0["text"] as? String }.sorted()
            #expect(texts == ["the hog", "the river", "the wild hog"])
            let info = try await Program(
                "sounder", ["index", "info", "--index", site.path("docs.index"), "--json"],
                in: site
            ).ending(within: 20)
            let ledger = try #require(info.json["ledger"] as? [String: Any], "\(info)")
            let listed = try #require(ledger["skippedDocuments"] as? [[String: Any]])
            #expect(listed.compactMap { $0["id"] as? String } == ["b", "a", "c"])
            #expect(listed.compactMap { $0["line"] as? Int } == [2, 4, 1])
        }

        @Test("an index that somebody writes to is not replaced, and its lock stays for good")
        func locked() async throws {
            let site = try Site()
            let input = try site.documents(40)
            try #require(try await site.buildIndex([input]).code == 0)
            let folder = site.path("docs.index")
            let deleted = try await Program(
                "sounder", ["index", "delete", "--index", folder, "d1"], in: site
            ).ending(within: 20)
            try #require(deleted.code == 0 && site.exists("docs.index/lock"), "\(deleted)")
            let descriptor = open("\(folder)/lock", O_RDWR | O_CLOEXEC)
            defer { close(descriptor) }
            try #require(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
            let refused = try await site.buildIndex([input], "docs.index", "--overwrite")
            #expect(refused.code == 75 && refused.errors.contains("is writing"), "\(refused)")
            try #require(flock(descriptor, LOCK_UN) == 0)
            let built = try await site.buildIndex([input], "docs.index", "--overwrite")
            #expect(built.code == 0 && built.number("passages") == 40, "\(built)")
            // Whoever waits for the old file would hold a lock that nobody else sees.
            var (held, there) = (stat(), stat())
            #expect(fstat(descriptor, &held) == 0 && stat("\(folder)/lock", &there) == 0)
            #expect(held.st_ino == there.st_ino)
        }

        @Test("a damaged segment is named, a cut one is refused, and another model is refused")
        func damaged() async throws {
            let site = try Site()
            try #require(try await site.buildIndex([site.documents(300)]).code == 0)
            let name = try #require(
                site.names(in: "docs.index").first { $0.hasSuffix(".seg") })
            var bytes = try site.bytes("docs.index/\(name)")
            let sound = bytes
            bytes[bytes.count / 2] ^= 1
            _ = try site.write(bytes, to: "docs.index/\(name)")
            let verified = try await Program(
                "sounder", ["index", "verify", "--index", site.path("docs.index")], in: site
            ).ending(within: 20)
            #expect(verified.code == 65 && verified.errors.contains(name), "\(verified)")
            _ = try site.write(sound.prefix(sound.count / 2), to: "docs.index/\(name)")
            let cut = try await site.search("hog")
            #expect(cut.code == 65 && cut.errors.contains(name), "\(cut)")
            _ = try site.write(sound, to: "docs.index/\(name)")
            let other = try site.copiedModel()
            let settings = try site.bytes("model/config.json")
            _ = try site.write(settings + Data("\n".utf8), to: "model/config.json")
            let refused = try await site.search("hog", "--model", other)
            // Both are named: the one that the index was built with, and the one that is there.
            let known = try #require(
                try site.manifest("docs.index")["model"] as? [String: Any])
            let model = try #require(known["name"] as? String)
            let digest = try #require(known["sha256"] as? String)
            let sentence = "built with the model \(model) (\(digest.prefix(12)))"
            #expect(refused.code == 65 && refused.errors.contains(sentence), "\(refused)")
            #expect(refused.errors.contains("and \(other) is another ("), "\(refused)")
            #expect(!refused.errors.contains("another (\(digest.prefix(12)))"), "\(refused)")
            let added = try await Program(
                "sounder",
                [
                    "index", "add", "--index", site.path("docs.index"), "--model", other,
                    "--input", site.path("docs.jsonl"),
                ], in: site
            ).ending(within: 60)
            #expect(added.code == 65 && added.errors.contains(sentence), "\(added)")
            #expect(added.errors.contains("and \(other) is another ("), "\(added)")
        }

        @Test("40: documents of 10 MB and queries of a million words are cut, and it is said")
        func long() async throws {
            let site = try Site()
            let document = String(repeating: "hog ", count: 2_500_000)
            let input = try site.write(
                #"{"_id": "long", "text": "\#(document)"}"# + "\n"
                    + #"{"_id": "short", "text": "a wild hog"}"# + "\n", to: "docs.jsonl")
            let encoded = try await site.encode([input])
            #expect(encoded.code == 0 && encoded.number("truncated") == 1, "\(encoded)")
            let built = try await site.buildIndex([input])
            #expect(built.code == 0 && built.number("truncated") == 1, "\(built)")
            let text = String(repeating: "hog ", count: 1_000_000)
            let queries = try site.write(
                #"{"_id": "q", "text": "\#(text)"}"# + "\n", to: "queries.jsonl")
            let found = try await site.search(
                "--queries", queries, "--output", site.path("run.trec"))
            #expect(found.code == 0 && found.number("truncated") == 1, "\(found)")
            #expect(try !site.lines("run.trec").isEmpty)
        }

        @Test("40: bad questions are refused in words")
        func refused() async throws {
            let site = try Site()
            try #require(try await site.buildIndex([site.documents(50)]).code == 0)
            let twice = try site.write("q\thog\nq\triver\n".utf8, to: "twice.tsv")
            let cases: [([String], Int32, String)] = [
                (["--queries", twice, "--output", site.path("run")], 65, "twice.tsv:2"),
                (["--top", "2147483648", "hog"], 64, "--top"),
                (["--pipeline", "cross-encoder:10", "hog"], 64, "cross-encoder"),
                (["--pipeline", "bm25:10,maxsim:20", "hog"], 64, "leave 20 of 10"),
                (["--pipeline", "bm25", "hog"], 64, "needs a number"),
                (["--queries", "nowhere.jsonl", "--output", "run"], 66, "nowhere.jsonl"),
                ([" "], 64, "empty"), (["--output", "run", "hog"], 64, "--queries"),
            ]
            for (arguments, code, part) in cases {
                let ending = try await Program(
                    "sounder", ["search", "--index", site.path("docs.index")] + arguments, in: site
                ).ending(within: 20)
                #expect(ending.code == code && ending.errors.contains(part), "\(ending)")
            }
            let missing = try await site.search("hog", index: "nowhere")
            #expect(missing.code == 66 && missing.errors.contains("nowhere"), "\(missing)")
            let nothing = try await Program(
                "sounder", ["index", "delete", "--index", site.directory, "d1"], in: site
            ).ending(within: 20)
            #expect(nothing.code == 66 && !site.exists("lock"), "\(nothing)")
        }
    }
}
