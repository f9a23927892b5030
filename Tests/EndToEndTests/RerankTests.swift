// Candidates ranked again from the command line, by token vectors and by a cross-encoder.

import Foundation
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct RerankTests {
        private static let crossEncoder = Site.tinyModel.replacingOccurrences(
            of: "models/tiny-bert", with: "cross-encoders/bert")

        /// Queries that are texts of documents, each with ten candidates, its own one last.
        private func candidates(
            _ site: Site, unknown: Bool = false
        ) throws -> (queries: String, run: String) {
            let texts = Site.texts(200)
            var queries = ""
            var run = ""
            for number in [5, 60, 150] {
                queries += #"{"_id": "q\#(number)", "text": "\#(texts[number])"}"# + "\n"
                for rank in 1...9 {
                    run += "q\(number) Q0 d\((number + 7 * rank) % 200) \(rank) \(20 - rank) x\n"
                }
                run += "q\(number) Q0 d\(number) 10 1 x\n"
            }
            if unknown { run += "q5 Q0 nobody 11 0.5 x\n" }
            return (
                try site.write(queries.utf8, to: "queries.jsonl"),
                try site.write(run.utf8, to: "candidates.trec")
            )
        }

        private func rerank(
            _ site: Site, _ model: String, _ more: String...
        ) async throws -> Ending {
            try await Program(
                "sounder",
                [
                    "rerank", "--model", model, "--corpus", try site.documents(200), "--queries",
                    site.path("queries.jsonl"), "--run", site.path("candidates.trec"), "--output",
                    site.path("run.trec"), "--json", "--quiet",
                ] + more, in: site
            ).ending(within: 180)
        }

        private func ranked(_ site: Site) throws -> [String: [String]] {
            let lines = String(decoding: try site.bytes("run.trec"), as: UTF8.self)
                .split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            return Dictionary(grouping: lines) { $0[0] }.mapValues { $0.map { $0[2] } }
        }

        @Test("MaxSim puts a document first whose text the query is")
        func maxSim() async throws {
            let site = try Site()
            _ = try candidates(site)
            let ending = try await rerank(site, Site.tinyModel, "--top", "4")
            try #require(ending.code == 0, "\(ending)")
            #expect(ending.number("pairs") == 30)
            let run = try ranked(site)
            for number in [5, 60, 150] {
                #expect(run["q\(number)"]?.first == "d\(number)", "\(run)")
                #expect(run["q\(number)"]?.count == 4)
            }
        }

        @Test("a job that does not end within --deadline is cancelled, and leaves nothing")
        func late() async throws {
            let site = try Site()
            _ = try candidates(site)
            let none = try await rerank(site, Self.crossEncoder, "--deadline", "0")
            #expect(none.code == 64 && none.errors.contains("--deadline 0"), "\(none)")
            let cluster = try await StandingCluster(site, workers: 1)
            let before = site.names(in: "")
            let ending = try await rerank(
                site, Self.crossEncoder, "--deadline", "1", "--cluster", cluster.address)
            #expect(ending.code == 75 && ending.errors.contains("within 1 ms"), "\(ending)")
            #expect(Set(site.names(in: "")) == Set(before))
            let jobs = try await cluster.sounder("jobs")
            #expect(jobs.code == 0 && jobs.output.contains("cancelled"), "\(jobs)")
            let served = try await rerank(
                site, Self.crossEncoder, "--deadline", "100000", "--cluster", cluster.address)
            #expect(served.code == 0 && site.exists("run.trec"), "\(served)")
            try await cluster.stop()
        }

        @Test("fetch writes the run of a finished job again")
        func fetched() async throws {
            let site = try Site()
            _ = try candidates(site)
            let cluster = try await StandingCluster(site, workers: 1)
            let ending = try await rerank(
                site, Site.tinyModel, "--top", "4", "--cluster", cluster.address)
            let job = try #require(ending.json["job"] as? String, "\(ending)")
            let fetched = try await cluster.sounder("fetch", job, "--output", site.path("w.trec"))
            #expect(fetched.code == 0, "\(fetched)")
            #expect(try site.bytes("w.trec") == site.bytes("run.trec"))
            try await cluster.stop()
        }

        @Test("a cross-encoder ranks alike on one worker and on three")
        func crossEncoder() async throws {
            let site = try Site()
            _ = try candidates(site)
            var runs: [Data] = []
            for workers in ["1", "3"] {
                let ending = try await rerank(
                    site, Self.crossEncoder, "--workers", workers, "--threads", "1")
                try #require(ending.code == 0, "\(ending)")
                runs.append(try site.bytes("run.trec"))
            }
            #expect(runs[0] == runs[1])
            #expect(try ranked(site).mapValues(\.count) == ["q5": 10, "q60": 10, "q150": 10])
        }

        @Test("candidates that the collection lacks end the job, or are counted if that is wanted")
        func unknown() async throws {
            let site = try Site()
            _ = try candidates(site, unknown: true)
            let refused = try await rerank(site, Site.tinyModel)
            #expect(refused.code == 65 && refused.errors.contains("1 of the 31"), "\(refused)")
            #expect(!site.exists("run.trec"))
            let skipped = try await rerank(site, Site.tinyModel, "--on-error", "skip")
            #expect(skipped.code == 0 && skipped.number("unknown") == 1, "\(skipped)")
        }

        @Test("a document that is there twice ends the job, or counts once if that is wanted")
        func twice() async throws {
            let site = try Site()
            _ = try candidates(site)
            let again = try site.write(
                #"{"_id": "d5", "text": "once more"}"# + "\n", to: "more.jsonl")
            let refused = try await rerank(site, Site.tinyModel, "--corpus", again)
            #expect(refused.code == 65 && refused.errors.contains("\"d5\""), "\(refused)")
            let once = try await rerank(
                site, Site.tinyModel, "--corpus", again, "--on-error", "skip")
            try #require(once.code == 0, "\(once)")
            #expect(once.number("pairs") == 30)
            for documents in try ranked(site).values {
                #expect(documents.count == 10 && Set(documents).count == 10)
            }
        }

        private func ofIndex(_ site: Site, _ more: String...) async throws -> Ending {
            try await Program(
                "sounder",
                [
                    "rerank", "--index", site.path("x.index"), "--queries",
                    site.path("queries.jsonl"), "--run", site.path("candidates.trec"), "--output",
                    site.path("run.trec"), "--json", "--quiet",
                ] + more, in: site
            ).ending(within: 180)
        }

        @Test("an index ranks candidates as their documents do, and reads them to a cross-encoder")
        func index() async throws {
            let site = try Site()
            _ = try candidates(site)
            let built = try await Program(
                "sounder",
                [
                    "index", "build", "--model", Site.tinyModel, "--input",
                    try site.documents(200), "--output", site.path("x.index"), "--store", "f32",
                    "--quiet",
                ], in: site
            ).ending(within: 180)
            try #require(built.code == 0, "\(built)")
            try #require(try await rerank(site, Site.tinyModel).code == 0)
            let expected = try ranked(site)
            let ending = try await ofIndex(site)
            try #require(ending.code == 0, "\(ending)")
            #expect(try ranked(site) == expected)
            try #require(
                try await rerank(site, Self.crossEncoder, "--top", "3").code == 0)
            let judged = try ranked(site)
            let again = try await ofIndex(site, "--model", Self.crossEncoder, "--top", "3")
            try #require(again.code == 0, "\(again)")
            #expect(try ranked(site) == judged)
            let refused = try await ofIndex(site, "--max-length", "8")
            #expect(refused.code == 64 && refused.errors.contains("--max-length"), "\(refused)")
        }

        @Test("candidates that an index lacks are an error, or left out if that is wanted")
        func unknownToIndex() async throws {
            let site = try Site()
            _ = try candidates(site, unknown: true)
            let built = try await Program(
                "sounder",
                [
                    "index", "build", "--model", Site.tinyModel, "--input",
                    try site.documents(200), "--output", site.path("x.index"), "--quiet",
                ], in: site
            ).ending(within: 180)
            try #require(built.code == 0, "\(built)")
            let refused = try await ofIndex(site)
            #expect(refused.code == 65 && refused.errors.contains("1 of 11"), "\(refused)")
            #expect(!site.exists("run.trec"))
            let skipped = try await ofIndex(site, "--on-error", "skip", "--top", "2")
            #expect(skipped.code == 0 && skipped.number("hits") == 6, "\(skipped)")
        }
    }
}
