// Fields of documents from the command line: kept, filtered, shown; and what is refused.

import Foundation
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct FilterTests {
        /// Documents with fields: every fifth is of 2020 and later, every second in English.
        private func papers(
            _ site: Site, _ range: Range<Int> = 0..<400, _ name: String = "papers.jsonl"
        ) throws -> String {
            let texts = Site.texts(range.upperBound)
            let lines = range.map { number in
                let year = number % 5 == 0 ? 2020 + number % 3 : 1990 + number % 20
                let lang = ["en", "de"][number % 2]
                let score = number % 4 == 0 ? "" : #""score": \#(Double(number) / 4), "#
                return #"{"_id": "d\#(number)", "year": \#(year), "lang": "\#(lang)", \#(score)"#
                    + #""topics": ["t\#(number % 7)", "t\#(number % 3)"], "open": "#
                    + #"\#(number % 3 == 0), "text": "\#(texts[number])"}"# + "\n"
            }
            return try site.write(lines.joined().utf8, to: name)
        }

        private let fields = ["--metadata-field", "year", "lang", "topics", "score", "open"]

        private func built(_ site: Site, _ more: String...) async throws -> Ending {
            let ending = try await Program(
                "sounder", site.indexing([try papers(site)]) + more + fields, in: site
            ).ending(within: 180)
            try #require(ending.code == 0, "\(ending)")
            return ending
        }

        private func sounder(_ site: Site, _ arguments: [String]) async throws -> Ending {
            try await Program("sounder", arguments, in: site).ending(within: 180)
        }

        private func numbers(_ ending: Ending) -> Set<Int> {
            Set(ending.hits.compactMap { Int($0.dropFirst()) })
        }

        @Test("every pipeline finds as many as match, on one worker and on three")
        func filtered() async throws {
            let site = try Site()
            _ = try await built(site, "--dense", "--segment-passages", "90")
            let text = Site.texts(8)[7]
            let cases: [(String, (Int) -> Bool)] = [
                ("year >= 2020 and lang = 'de'", { $0 % 5 == 0 && $0 % 2 == 1 }),
                ("topics in ('t6') and not has(score)", { $0 % 7 == 6 && $0 % 4 == 0 }),
                (
                    "not lang = \"en\" and open = true and score > 50.5",
                    {
                        $0 % 2 == 1 && $0 % 3 == 0 && Double($0) / 4 > 50.5
                    }
                ),
                ("year < 1900", { _ in false }),
            ]
            for (filter, holds) in cases {
                let expected = Set((0..<400).filter(holds))
                for pipeline in ["maxsim:200", "bm25:200", "dense:200", "bm25:200,maxsim:200"] {
                    for workers in ["1", "3"] {
                        let answer = try await site.search(
                            text, "--pipeline", pipeline, "--filter", filter, "--probes", "1",
                            "--candidates", "10", "--workers", workers)
                        try #require(answer.code == 0, "\(answer)")
                        let found = numbers(answer)
                        // Words of the query are in most of the documents, not in all.
                        let isWhole = pipeline == "maxsim:200" || pipeline == "dense:200"
                        #expect(
                            isWhole ? found == expected : found.isSubset(of: expected),
                            "\(pipeline) \(filter): \(answer)")
                        #expect(expected.isEmpty || !found.isEmpty, "\(pipeline) \(filter)")
                    }
                }
            }
        }

        @Test("fields are shown, also by a cross-encoder, and told by info")
        func shown() async throws {
            let site = try Site()
            _ = try await built(site)
            let judge = Site.tinyModel.replacingOccurrences(
                of: "models/tiny-bert", with: "cross-encoders/bert")
            for more in [[], ["--pipeline", "bm25:20,cross-encoder:5", "--cross-encoder", judge]] {
                let answer = try await sounder(
                    site,
                    [
                        "search", "--index", site.path("docs.index"), "--json", "--quiet",
                        Site.texts(5)[4], "--show", "year,topics,score",
                    ] + more)
                let hits = try #require(answer.json["hits"] as? [[String: Any]], "\(answer)")
                try #require(!hits.isEmpty)
                for hit in hits {
                    let number = try #require(
                        (hit["id"] as? String).flatMap { Int($0.dropFirst()) })
                    let values = try #require(hit["fields"] as? [String: Any], "\(answer)")
                    #expect(values["topics"] as? [String] == ["t\(number % 7)", "t\(number % 3)"])
                    #expect(
                        values["score"] as? Double == (number % 4 == 0 ? nil : Double(number) / 4))
                    #expect(values["year"] as? Int != nil && hit["text"] == nil)
                }
            }
            let plain = try await sounder(
                site,
                ["search", "--index", site.path("docs.index"), "hog", "--show", "lang,year"])
            #expect(plain.output.contains("\tlang: "), "\(plain)")
            let info = try await sounder(
                site, ["index", "info", "--index", site.path("docs.index")])
            #expect(info.output.contains("field\tyear\tinteger\t400"), "\(info)")
            #expect(info.output.contains("field\tscore\tnumber\t300"), "\(info)")
            #expect(info.output.contains("field\ttopics\tstrings\t400"), "\(info)")
            #expect(info.output.contains("field\topen\tboolean\t400"), "\(info)")
        }

        @Test("fields of added documents are kept, also from columns, and survive compacting")
        func added() async throws {
            let site = try Site()
            _ = try await built(site)
            let index = ["--index", site.path("docs.index")]
            let more = try await sounder(
                site,
                ["index", "add"] + index + ["--input", try papers(site, 400..<440, "m.jsonl")])
            try #require(more.code == 0, "\(more)")
            let table = try site.write(
                "x1\twild hog\t2021\ten\tt1;t9\nx2\thog\t\tde\t\n".utf8, to: "more.tsv")
            let columns = try await sounder(
                site,
                ["index", "add"] + index + ["--input", table, "--metadata-field"]
                    + ["year=3", "lang=4", "topics=5", "score=3:number", "open=3"])
            #expect(columns.code == 65 && columns.errors.contains("open"), "\(columns)")
            let other = try await sounder(
                site,
                ["index", "add"] + index + ["--input", table, "--metadata-field", "pages=3"])
            #expect(other.code == 64 && other.errors.contains("year, lang"), "\(other)")
            let csv = try site.write(
                "_id,text,year,lang,topics,score,open\nx1,wild hog,2021,en,t1;t9,2,TRUE\n"
                    .utf8, to: "more.csv")
            let rows = try await sounder(site, ["index", "add"] + index + ["--input", csv])
            try #require(rows.code == 0, "\(rows)")
            for _ in 0..<2 {
                let found = try await site.search(
                    "hog", "--filter", "topics = 't9' and year = 2021")
                #expect(found.hits == ["x1"], "\(found)")
                let late = try await site.search(
                    "hog", "--top", "100", "--filter", "score >= 100 and year >= 2020")
                #expect(numbers(late) == Set((400..<440).filter { $0 % 5 == 0 && $0 % 4 != 0 }))
                try #require(try await sounder(site, ["index", "compact"] + index).code == 0)
                #expect(try await sounder(site, ["index", "verify"] + index).code == 0)
            }
        }

        @Test(
            "a filter that is wrong is shown with its place, unknown fields with those there are"
        )
        func refused() async throws {
            let site = try Site()
            _ = try await built(site)
            let cases: [([String], [String])] = [
                (["--filter", "year >= "], ["column 9", "  year >= \n          ^"]),
                (["--filter", "yaer >= 2019"], ["no field \"yaer\"", "year (integer)", "\n  ^"]),
                (["--filter", "year = '2019'"], ["integers", "a string", "column 8"]),
                (["--show", "year,nothing"], ["no field \"nothing\"", "year, lang"]),
            ]
            for (arguments, parts) in cases {
                let ending = try await sounder(
                    site, ["search", "--index", site.path("docs.index"), "hog"] + arguments)
                #expect(ending.code == 64, "\(ending)")
                for part in parts { #expect(ending.errors.contains(part), "\(ending)") }
            }
            try #require(
                try await site.buildIndex([site.documents(30)], "plain.index").code == 0)
            let none = try await site.search("hog", "--filter", "year = 1", index: "plain.index")
            #expect(none.code == 64 && none.errors.contains("--metadata-field"), "\(none)")
        }

        @Test("values of other types end the job, or are skipped and listed, and ids are unique")
        func types() async throws {
            let site = try Site()
            let mixed = try site.write(
                #"{"_id": "a", "text": "wild hog", "year": 2019}"# + "\n"
                    + #"{"_id": "b", "text": "wild hog", "year": "2019"}"# + "\n", to: "mixed.jsonl"
            )
            func build(_ input: String, _ more: String...) async throws -> Ending {
                try await sounder(site, site.indexing([input], "mixed.index") + more)
            }
            let untold = try await build(mixed, "--metadata-field", "year")
            #expect(untold.code == 65 && untold.errors.contains("integers"), "\(untold)")
            let told = try await build(mixed, "--metadata-field", "year:integer")
            #expect(told.code == 65 && told.errors.contains("mixed.jsonl:2"), "\(told)")
            let skipped = try await build(
                mixed, "--metadata-field", "year:integer", "--on-error", "skip")
            #expect(skipped.code == 0 && skipped.number("skipped") == 1, "\(skipped)")
            let wrong = try await build(mixed, "--metadata-field", "=x")
            #expect(wrong.code == 64 && wrong.errors.contains("NAME"), "\(wrong)")
            let texts = Site.texts(3_000)
            let lines = (0..<3_000).map { #"{"_id": "d\#($0 % 2_999)", "text": "\#(texts[$0])"}"# }
            for (count, segments) in [("twice", "5000"), ("apart", "100")] {
                let input = try site.write(lines.joined(separator: "\n").utf8, to: "\(count).jsonl")
                let ending = try await build(input, "--overwrite", "--segment-passages", segments)
                #expect(ending.code == 65 && ending.errors.contains("\"d0\""), "\(ending)")
            }
        }

        @Test("rerank leaves out candidates by their documents' fields, and tells how many")
        func reranked() async throws {
            let site = try Site()
            let corpus = try papers(site, 0..<200)
            let queries = try site.write(
                #"{"_id": "q", "text": "\#(Site.texts(6)[5])"}"# + "\n", to: "q.jsonl")
            let run = try site.write(
                (0..<20).map { "q Q0 d\($0) \($0 + 1) \(20 - $0) x\n" }.joined(), to: "in.trec")
            func rerank(_ more: String...) async throws -> Ending {
                try await sounder(
                    site,
                    [
                        "rerank", "--model", Site.tinyModel, "--corpus", corpus, "--queries",
                        queries, "--run", run, "--output", site.path("out.trec"), "--json",
                        "--quiet",
                    ] + more)
            }
            let all = try await rerank()
            try #require(all.code == 0, "\(all)")
            let before = try site.ranked("out.trec")
            let some = try await rerank("--filter", "year >= 2020 or topics = 't6'")
            try #require(some.code == 0, "\(some)")
            let kept = before.filter { $0 % 5 == 0 || $0 % 7 == 6 }
            #expect(try site.ranked("out.trec") == kept && kept.count == 6)
            #expect(some.number("filtered") == 14 && some.number("unknown") == 0, "\(some)")
            let wrong = try await rerank("--filter", "year >= '2020'")
            #expect(wrong.code == 65 && wrong.errors.contains("a string"), "\(wrong)")
            let lonely = try await rerank("--metadata-field", "year")
            #expect(lonely.code == 64 && lonely.errors.contains("--filter"), "\(lonely)")
        }

        @Test("blank lines are no documents; standard input is called by its name")
        func blank() async throws {
            let site = try Site()
            let text = try site.write(
                "wild hog\n\n  \nhills and rivers\n\nthe hog moves\n".utf8, to: "text")
            let built = try await Program(
                "sounder", site.indexing(["-"]) + ["--format", "txt"], in: site, input: text
            ).ending(within: 180)
            try #require(built.code == 0, "\(built)")
            #expect(built.number("documents") == 3)
            let found = try await site.search("rivers", "--pipeline", "bm25:3")
            #expect(found.hits == ["3"], "\(found)")
            let lines = try site.write(
                (#"{"_id": "a", "text": "hog"}"# + "\n\n" + #"{"text": "hog"}"# + "\n").utf8,
                to: "lines")
            let bad = try await Program(
                "sounder",
                site.indexing(["-"], "bad.index") + ["--format", "jsonl", "--on-error", "skip"],
                in: site, input: lines
            ).ending(within: 180)
            try #require(bad.code == 0, "\(bad)")
            let manifest = try #require(
                JSONSerialization.jsonObject(with: site.bytes("bad.index/manifest.json"))
                    as? [String: Any])
            let skipped = (manifest["ledger"] as? [String: Any])?["skippedDocuments"]
            let first = try #require((skipped as? [[String: Any]])?.first)
            #expect(first["file"] as? String == "-" && first["line"] as? Int == 3)
            let empty = try site.write("\n \n\n".utf8, to: "empty.txt")
            let nothing = try await sounder(
                site, ["index", "add", "--index", site.path("docs.index"), "--input", empty])
            #expect(nothing.code == 65 && nothing.errors.contains("only blank"), "\(nothing)")
        }
    }
}

extension Site {
    /// Numbers of the documents of a run with one query, in its order.
    fileprivate func ranked(_ name: String) throws -> [Int] {
        String(decoding: try bytes(name), as: UTF8.self).split(separator: "\n").compactMap {
            Int($0.split(separator: " ")[2].dropFirst())
        }
    }
}
