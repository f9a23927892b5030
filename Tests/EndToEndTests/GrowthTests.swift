// A training goes on from the checkpoint of another with a text that has new words.

import Foundation
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct GrowthTests {
        /// Words that stand together in sentences; only the old text has the last camp.
        private static let camps = [
            "amber birch cedar dogwood elm fir gum hazel ivy juniper",
            "anvil bellows chisel drill edge file gauge hammer iron jack",
            "alto bass chord drum echo fugue gong harp intro jazz",
        ].map { $0.split(separator: " ").map(String.init) }

        /// Sentences of ten words of one camp each, by turns.
        private func text(_ camps: [[String]], sentences: Int, seed: UInt64) -> Data {
            var state = seed
            var text = Data()
            for sentence in 0..<sentences {
                let camp = camps[sentence % camps.count]
                let words = (0..<10).map { _ in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return camp[Int(state >> 33) % camp.count]
                }
                text.append(Data((words.joined(separator: " ") + "\n").utf8))
            }
            return text
        }

        /// The old text, and one of the first two camps with a new word in the first.
        private func texts(_ site: Site) throws -> (old: String, new: String) {
            let new = [Self.camps[0] + ["quince"], Self.camps[1]]
            return (
                try site.write(text(Self.camps, sentences: 3_000, seed: 1), to: "old.txt"),
                try site.write(
                    text(new, sentences: 2_000, seed: 2) + Data("lonely elm\n".utf8),
                    to: "new.txt")
            )
        }

        private func train(
            _ site: Site, _ model: String, _ input: String, _ output: String, _ more: [String]
        ) async throws -> Ending {
            let ending = try await attempt(site, model, input, output, more)
            try #require(ending.code == 0, "\(ending)")
            return ending
        }

        private func attempt(
            _ site: Site, _ model: String, _ input: String, _ output: String, _ more: [String]
        ) async throws -> Ending {
            try await begin(site, model, input, output, more).ending(within: 180)
        }

        private func begin(
            _ site: Site, _ model: String, _ input: String, _ output: String, _ more: [String]
        ) throws -> Program {
            let arguments = [
                "train", model, "--input", input, "--output", site.path(output), "--quiet",
                "--json", "--dim", "16", "--sample", "0", "--min-count", "2", "--deterministic",
                "--partitions", "2",
            ]
            return try Program("sounder", arguments + more, in: site)
        }

        private func neighbours(
            of word: String, _ count: Int, in file: String, _ site: Site
        ) async throws -> Set<String> {
            let ending = try await site.sounder(
                "neighbours", "--vectors", site.path(file), "--top", "\(count)", "--json", word)
            let answers = ending.json["answers"] as? [[String: Any]]
            let found = answers?.first?["neighbours"] as? [[String: Any]] ?? []
            return Set(found.compactMap { $0["word"] as? String })
        }

        @Test(
            "a word of the new text alone finds its neighbours, and old words keep theirs",
            arguments: ["sgns", "cbow", "fasttext"])
        func newWord(_ model: String) async throws {
            let site = try Site()
            let (old, new) = try texts(site)
            let kept = site.path("old.model")
            let flags = model == "fasttext" ? ["--buckets", "5000"] : []
            _ = try await train(
                site, model, old, "old.vec",
                flags + ["--format", "word2vec-text", "--checkpoint", kept])
            let grown = try await train(
                site, model, new, "new.vec",
                flags + ["--format", "word2vec-text", "--continue-from", kept])
            #expect(grown.number("vocabulary") == 31 && grown.number("newWords") == 1, "\(grown)")
            // The schedule is that of the new text, whose words alone are trained.
            #expect(grown.number("words") == 100_005)
            let camps = Self.camps.map(Set.init)
            for (index, word) in ["elm", "iron", "harp", "quince"].enumerated() {
                let found = try await neighbours(of: word, 5, in: "new.vec", site)
                #expect(found.isSubset(of: camps[index % 3].union(["quince"])), "\(word): \(found)")
            }
        }

        @Test("counts are added up, and vectors of words that the new text lacks stay as they were")
        func keptVectors() async throws {
            let site = try Site()
            let (old, new) = try texts(site)
            let kept = site.path("old.model")
            _ = try await train(site, "sgns", old, "old.npy", ["--checkpoint", kept])
            _ = try await train(
                site, "sgns", new, "new.npy", ["--continue-from", kept, "--epochs", "1"])
            func table(_ name: String) throws -> [String: (row: Int, count: Int)] {
                let lines = String(decoding: try site.bytes(name), as: UTF8.self)
                    .split(separator: "\n")
                return Dictionary(
                    uniqueKeysWithValues: lines.enumerated().map { row, line in
                        let parts = line.split(separator: " ")
                        return (String(parts[0]), (row, Int(parts[1]) ?? 0))
                    })
            }
            let (before, after) = (try table("old.vocab"), try table("new.vocab"))
            let words = try String(contentsOfFile: new, encoding: .utf8)
                .split(whereSeparator: \.isWhitespace)
            for (word, entry) in after {
                let occurs = words.count(where: { $0 == word })
                #expect(entry.count == (before[word]?.count ?? 0) + occurs, "\(word)")
            }
            func vector(_ name: String, _ row: Int) throws -> Data {
                let bytes = try site.bytes(name)
                let first = bytes.count - 64 * (name == "new.npy" ? after.count : before.count)
                return bytes[(first + 64 * row)..<(first + 64 * (row + 1))]
            }
            for word in Self.camps[2] {
                let rows = (try #require(before[word]).row, try #require(after[word]).row)
                #expect(try vector("old.npy", rows.0) == (try vector("new.npy", rows.1)), "\(word)")
            }
            let elm = (try #require(before["elm"]).row, try #require(after["elm"]).row)
            #expect(try vector("old.npy", elm.0) != (try vector("new.npy", elm.1)))
        }

        @Test("one and three workers, and a coordinator killed in mid-job, leave the same bits")
        func sameBits() async throws {
            let site = try Site()
            let (old, new) = try texts(site)
            let kept = site.path("old.model")
            _ = try await train(site, "sgns", old, "old.bin", ["--checkpoint", kept])
            let flags = ["--continue-from", kept, "--epochs", "400"]
            let again = site.path("1.model")
            _ = try await train(site, "sgns", new, "1.bin", flags + ["--checkpoint", again])
            _ = try await train(
                site, "sgns", new, "3.bin",
                flags + ["--workers", "3", "--checkpoint", site.path("3.model")])
            #expect(try site.bytes("1.bin") == (try site.bytes("3.bin")))
            #expect(try site.bytes("1.model") == (try site.bytes("3.model")))
            // A grown model is one to go on from, too.
            let third = try await train(site, "sgns", old, "2.bin", ["--continue-from", again])
            #expect(third.number("newWords") == 0)

            let cluster = try await StandingCluster(site, workers: 2)
            let running = try begin(
                site, "sgns", new, "k.bin", flags + ["--cluster", cluster.address])
            let began = try await eventually(within: 20) {
                try await site.isTraining(at: cluster.address)
            }
            try #require(began)
            cluster.coordinator.signal(SIGKILL)
            _ = try await cluster.coordinator.ending(within: 5)
            let next = try await StandingCluster(site, workers: 0, present: 2)
            let ending = try await running.ending(within: 180)
            try #require(ending.code == 0, "\(ending)")
            #expect(try site.bytes("k.bin") == (try site.bytes("1.bin")))
            for worker in cluster.workers { worker.signal(SIGTERM) }
            for worker in cluster.workers { _ = try await worker.ending(within: 10) }
            try await next.stop()
        }

        @Test("checkpoints that are damaged, of another model or none at all are refused by name")
        func refusals() async throws {
            let site = try Site()
            let (old, new) = try texts(site)
            let kept = site.path("old.model")
            _ = try await train(
                site, "sgns", old, "v.safetensors", ["--checkpoint", kept, "--epochs", "1"])
            let there = ["old.txt", "new.txt", "old.model", "v.safetensors", "bad.model"]
            var bytes = try site.bytes("old.model")
            bytes[bytes.count - 700] ^= 1
            let damaged = try site.write(bytes, to: "bad.model")
            let cases: [(model: String, flags: [String], code: Int32, parts: [String])] = [
                ("sgns", ["--continue-from", damaged], 65, ["bad.model", "SHA-256"]),
                ("sgns", ["--continue-from", site.path("v.safetensors")], 65, ["no checkpoint"]),
                ("sgns", ["--continue-from", site.path("none")], 66, ["none"]),
                (
                    "sgns", ["--continue-from", kept, "--dimension", "24"], 64,
                    ["skip-gram model of 16 dimensions", "skip-gram model of 24 dimensions"]
                ),
                ("cbow", ["--continue-from", kept], 64, ["a skip-gram model", "a cbow model"]),
                (
                    "fasttext", ["--continue-from", kept], 64,
                    ["a skip-gram model of 16 dimensions", "n-grams of 3 to 6 characters"]
                ),
                (
                    "sgns", ["--continue-from", kept, "--loss", "hierarchical-softmax"], 64,
                    ["cannot grow"]
                ),
                (
                    "sgns", ["--loss", "hierarchical-softmax", "--checkpoint", site.path("x")], 64,
                    ["cannot grow"]
                ),
                ("sgns", ["--continue-from", kept, "--reduction", "peer"], 64, ["coordinator"]),
                ("sgns", ["--continue-from", kept, "--checkpoint", kept], 64, ["old.model"]),
            ]
            for (model, flags, code, parts) in cases {
                let ending = try await attempt(site, model, new, "w.bin", flags)
                try await site.expect(ending, fails: code, besides: there)
                for part in parts { #expect(ending.errors.contains(part), "\(ending)") }
            }
        }

        @Test("a checkpoint that changes after the job was submitted is refused by the coordinator")
        func changed() async throws {
            let site = try Site()
            let (old, new) = try texts(site)
            let kept = site.path("old.model")
            _ = try await train(
                site, "sgns", old, "v.bin", ["--checkpoint", kept, "--epochs", "1"])
            // A job without workers waits; by then the checkpoint is another.
            let cluster = try await StandingCluster(site, workers: 0)
            let running = try begin(
                site, "sgns", new, "w.bin",
                ["--continue-from", kept, "--cluster", cluster.address])
            let isThere = try await eventually(within: 20) {
                let jobs = try await site.sounder("jobs", "--json", "--cluster", cluster.address)
                return (jobs.json["jobs"] as? [Any])?.count == 1
            }
            try #require(isThere)
            utimes(kept, [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)])
            try cluster.startWorker()
            let ending = try await running.ending(within: 180)
            #expect(ending.code == 66, "\(ending)")
            #expect(ending.errors.contains("old.model has changed"), "\(ending)")
            try await cluster.stop()
        }
    }
}
