// A cross-encoder as the last stage of a search, on the workers that hold the passages.

import Foundation
import Models
import Protocol
import Retrieval
import Testing
import Transport

@testable import Console
@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct PairSearchTests {
        private static let judge = Site.tinyModel.replacingOccurrences(
            of: "models/tiny-bert", with: "cross-encoders/bert")
        private static let query = "wild hog moves over hills"

        private func site(documents: Int) async throws -> Site {
            let site = try Site()
            let built = try await site.buildIndex(
                [site.documents(documents)], "docs.index", "--segment-passages", "50")
            try #require(built.code == 0, "\(built)")
            return site
        }

        /// What one process says of these documents: best first, by their order where it is equal.
        private func expected(_ ids: [String], top: Int) throws -> [(id: String, score: Float)] {
            let numbers = ids.compactMap { Int($0.dropFirst()) }.sorted()
            let texts = Site.texts((numbers.last ?? 0) + 1)
            let model = try CrossEncoder(directory: Self.judge, options: CrossEncoderOptions())
            let scores = try model.score(numbers.map { (Self.query, texts[$0]) }).values
            let ranked = zip(numbers, scores).sorted {
                $0.1 != $1.1 ? $0.1 > $1.1 : $0.0 < $1.0
            }
            return ranked.prefix(top).map { ("d\($0.0)", $0.1) }
        }

        @Test("workers rank as one process would, bit for bit, also one that must fetch the model")
        func same() async throws {
            let site = try await site(documents: 300)
            let cluster = try await StandingCluster(site, workers: 1)
            try cluster.startWorker(["--fetch-text", "--cache", site.path("cache")])
            let here = try await eventually(within: 20) {
                let status = try await cluster.sounder("status", "--json")
                return (status.json["workers"] as? [Any])?.count == 2
            }
            try #require(here)
            func ask(_ pipeline: String, _ more: String...) async throws -> Ending {
                try await Program(
                    "sounder",
                    [
                        "search", "--index", site.path("docs.index"), "--json", "--quiet",
                        "--cluster", cluster.address, "--replicas", "1", "--pipeline", pipeline,
                        Self.query,
                    ] + more, in: site
                ).ending(within: 30)
            }
            let candidates = try await ask("bm25:120").hits
            try #require(candidates.count == 120)
            let wanted = try expected(candidates, top: 9)
            for more in [[], ["--text"]] {
                let ending =
                    more.isEmpty
                    ? try await ask("bm25:120,cross-encoder:9", "--cross-encoder", Self.judge)
                    : try await ask(
                        "bm25:120,cross-encoder:9", "--cross-encoder", Self.judge, more[0])
                try #require(ending.code == 0, "\(ending)")
                #expect(ending.hits == wanted.map(\.id))
                let hits = try #require(ending.json["hits"] as? [[String: Any]])
                let scores = hits.compactMap { ($0["score"] as? NSNumber)?.floatValue }
                #expect(scores.map(\.bitPattern) == wanted.map(\.score.bitPattern))
                #expect(hits.allSatisfy { ($0["text"] != nil) == !more.isEmpty }, "\(ending)")
            }
            // One worker reads the model in place.
            let fetched = site.names(in: "cache").flatMap {
                site.names(in: "cache/\($0)/pairs/models")
            }
            #expect(fetched.count == 1, "\(site.names(in: "cache"))")
            try await cluster.stop()
        }

        @Test("an embedding model, and one with several scores a pair, are refused by name")
        func refused() async throws {
            let site = try await site(documents: 60)
            func ask(_ model: String) async throws -> Ending {
                try await site.search(
                    "hog", "--pipeline", "bm25:9,cross-encoder:3", "--cross-encoder", model)
            }
            let none = try await ask(Site.tinyModel)
            #expect(none.code == 64 && none.errors.contains("no cross-encoder"), "\(none)")
            let several = try await ask(
                Self.judge.replacingOccurrences(of: "encoders/bert", with: "encoders/xlm-roberta"))
            #expect(
                several.code == 64 && several.errors.contains("scores for a pair"), "\(several)")
        }

        /// Only the stage of pairs, which `search` has behind others.
        private func search(
            _ site: Site, _ cluster: StandingCluster, _ change: (inout SearchManner) -> Void
        ) async throws -> SearchAnswer {
            let pipeline = SearchPipeline(ranking: .crossEncoder, top: 8)
            let index = try SearchableIndex(
                site.path("docs.index"), model: nil, settings: [:], for: pipeline)
            let address = try Address(cluster.address)
            let keys = try ClientKeys.find(
                for: address,
                KeyFlags(directory: nil, key: nil, serverKey: nil, isInsecure: false))
            let session = try SearchSession.open(to: Destination(address: address, keys: keys))
            defer { session.close() }
            try await session.welcome()
            var how = SearchManner()
            change(&how)
            let search = PassageSearch(
                index: index, session: session, pipeline: pipeline, how: how,
                judge: try ModelSource(crossEncoder: Self.judge))
            return try await search.answer(Self.query, among: (0..<300).map { "d\($0)" })
        }

        @Test(
            "a stopped worker's pairs are scored by replicas, missing if allowed, or an error")
        func stopped() async throws {
            let site = try await site(documents: 300)
            let index = "\(site.path("docs.index"))/\(IndexManifest.fileName)"
            let segments = try IndexManifest.read(index).segments
            let shardOf = segments.enumerated().flatMap { number, segment in
                Array(repeating: number, count: segment.passages)
            }
            try #require(segments.count > 1 && shardOf.count == 300)
            let cluster = try await StandingCluster(site, workers: 2, liveness: 20_000)
            let wanted = try expected((0..<300).map { "d\($0)" }, top: 8)
            let healthy = try await search(site, cluster) { _ in }
            #expect(healthy.hits.map(\.id) == wanted.map(\.id))
            cluster.workers[0].signal(SIGSTOP)
            defer { cluster.workers[0].signal(SIGCONT) }
            let fault = await #expect(throws: Fault.self) {
                _ = try await search(site, cluster) {
                    $0.replicas = 1
                    $0.deadline = 1_500
                }
            }
            #expect(fault?.code == .temporary, "\(String(describing: fault))")
            let sentence = "of \(segments.count) shards did not answer within 1500 ms"
            #expect(
                fault?.message.contains(sentence) == true, "\(String(describing: fault))")
            let partial = try await search(site, cluster) {
                $0.replicas = 1
                $0.deadline = 1_500
                $0.partial = true
            }
            #expect(!partial.missing.isEmpty && partial.missing.count < segments.count)
            let left = (0..<300).filter { !partial.missing.contains(shardOf[$0]) }
            let wantedOfLeft = try expected(left.map { "d\($0)" }, top: 8)
            #expect(partial.hits.map(\.id) == wantedOfLeft.map(\.id))
            let served = try await search(site, cluster) { _ in }
            #expect(served.missing.isEmpty && served.hits == healthy.hits)
            cluster.workers[0].signal(SIGCONT)
            try await cluster.stop()
        }
    }
}
