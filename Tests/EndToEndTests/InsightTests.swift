// What a training job tells of itself: history, probes, page, quality, and the estimate before it.

import Foundation
import TestSupport
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct InsightTests {
        @Test("a job of two workers tells every round's figures and the neighbours of probe words")
        func history() async throws {
            let site = try Site()
            let ending = try await site.train(
                [site.corpus()], "v.bin", "--workers", "2", "--threads", "1", "--words-per-round",
                "50000", "--probe", "the", "nosuchword", "--json")
            try #require(ending.code == 0, "\(ending)")
            let history = try #require(ending.json["history"] as? [String: Any])
            let points = try #require(history["points"] as? [[String: Any]])
            #expect(points.count == Int(try #require(ending.number("rounds"))))
            for key in [
                "loss", "learningRate", "words", "seconds", "wordsPerSecond", "bytesPerWord",
                "divergence", "secondsReducing",
            ] {
                let values = points.compactMap { ($0[key] as? NSNumber)?.doubleValue }
                #expect(values.count == points.count && values.allSatisfy(\.isFinite), "\(key)")
            }
            let words = points.compactMap { ($0["words"] as? NSNumber)?.doubleValue }.reduce(0, +)
            #expect(words == ending.number("words"))
            let pauses = points.compactMap { ($0["secondsReducing"] as? NSNumber)?.doubleValue }
            let pause = try #require(ending.number("secondsReducing"))
            #expect(abs(pauses.reduce(0, +) - pause) < 1e-6, "\(pauses), \(pause)")
            let training = try #require(ending.number("secondsTraining"))
            #expect(pause > 0 && pause < training, "\(pause) of \(training) s")
            let probes = try #require(history["probes"] as? [[String: Any]])
            #expect(probes.count > 1 && probes.allSatisfy { $0["word"] as? String == "the" })
            #expect((probes.last?["neighbours"] as? [Any])?.count == 8)
            #expect(history["unknownProbes"] as? [String] == ["nosuchword"])
        }

        @Test("the page of a run is one file, and hostile words in it are text")
        func report() async throws {
            let site = try Site()
            let word = "<script>alert(1)</script>"
            let line = "\(word) loves \"quotes\" & more\n"
            let corpus = try site.write(
                String(repeating: line, count: 500), to: "hostile.txt")
            let ending = try await site.train(
                [corpus], "v.bin", "--report", site.path("run.html"), "--probe", word)
            try #require(ending.code == 0, "\(ending)")
            let html = String(decoding: try site.bytes("run.html"), as: UTF8.self)
            #expect(html.hasPrefix("<!DOCTYPE html>") && html.contains("<svg "))
            #expect(html.contains("&lt;script&gt;") && !html.contains("<script"))
            #expect(!html.contains("http:") && !html.contains("https:"))
        }

        @Test("a page that cannot be written is known before the training")
        func unwritable() async throws {
            let site = try Site()
            let corpus = try site.corpus()
            let ending = try await site.train(
                [corpus], "v.bin", "--report", site.path("nowhere/run.html"))
            try await site.expect(ending, fails: 73, saying: "nowhere", besides: ["corpus.txt"])
            let over = try await site.train([corpus], "v.bin", "--report", corpus)
            try await site.expect(over, fails: 64, saying: "input as well", besides: ["corpus.txt"])
        }

        @Test("quality at the end of a training is what eval tells of its file")
        func quality() async throws {
            let site = try Site()
            let questions = try site.write(
                ": s\nthe of and to\nthe of and in\nnosuchword of and in\n", to: "q.txt")
            let pairs = try site.write("the of 3\nand to 2\nin the 1\n", to: "pairs.txt")
            let more = [
                "--analogies", questions, "--method", "both", "--similarity", pairs, "--json",
            ]
            let trained = try await Program(
                "sounder", Site.training([try site.corpus()], site.path("v.bin")) + more, in: site
            ).ending(within: 30)
            try #require(trained.code == 0, "\(trained)")
            let told = try await Program(
                "sounder", ["eval", "words", "--vectors", site.path("v.bin")] + more, in: site
            ).ending(within: 30)
            try #require(told.code == 0, "\(told)")
            let quality = try #require(trained.json["quality"] as? NSDictionary)
            #expect(quality == told.json as NSDictionary)
            let analogies = try #require(told.json["analogies"] as? [String: Any])
            #expect((analogies["asked"] as? NSNumber)?.intValue == 2)
            #expect((analogies["skipped"] as? NSNumber)?.intValue == 1)
            let product = try #require(analogies["cosMul"] as? [String: Any])
            #expect(product["accuracy"] != nil && product["sections"] != nil)
            #expect(analogies["sections"] != nil && analogies["semantic"] != nil)
        }

        @Test("--vectors-of sum gives the sum of input and output vectors")
        func sum() async throws {
            let site = try Site()
            let corpus = try site.corpus()
            let both = try await site.train(
                [corpus], "in.npy", "--deterministic", "--output-vectors", site.path("out.npy"))
            let one = try await site.train(
                [corpus], "sum.npy", "--deterministic", "--vectors-of", "sum")
            let output = try await site.train(
                [corpus], "o.npy", "--deterministic", "--vectors-of", "output")
            try #require(
                [both, one, output].allSatisfy { $0.code == 0 }, "\(both) \(one) \(output)")
            #expect(try site.bytes("o.npy") == site.bytes("out.npy"))
            let (a, b) = (try floats(site.bytes("in.npy")), try floats(site.bytes("out.npy")))
            #expect(try floats(site.bytes("sum.npy")) == zip(a, b).map { $0 + $1 })
        }

        @Test("an estimate of a small corpus has the sizes that the job then has")
        func estimate() async throws {
            let site = try Site()
            let more = ["--workers", "2", "--threads", "1", "--dim", "16", "--json"]
            let corpus = try site.corpus()
            let told = try await Program(
                "sounder", ["estimate", "train", "sgns", "--input", corpus] + more, in: site
            ).ending(within: 180)
            try #require(told.code == 0, "\(told)")
            let done = try await site.train(
                [corpus], "v.bin", "--workers", "2", "--threads", "1", "--json")
            try #require(done.code == 0, "\(done)")
            for key in ["vocabulary", "rounds", "partitions", "dimension"] {
                #expect(told.number(key) == done.number(key), "\(key)")
            }
            let bytes = try #require(told.number("bytesSent")) + (told.number("bytesReceived") ?? 0)
            let moved = try #require(done.number("bytesSent"))
            // The heads of payloads are not estimated, and rows are due by Zipf's law here.
            #expect(moved <= bytes * 1.1 && moved > bytes * 0.5, "\(moved) of \(bytes)")
            #expect(try #require(told.number("wordsPerSecond")) > 1_000)
            for key in ["workerBytes", "coordinatorBytes", "diskBytes", "seconds"] {
                #expect(try #require(told.number(key)) > 0, "\(key)")
            }
        }

        /// What follows the header of a .npy file of version 1.
        private func floats(_ data: Data) throws -> [Float] {
            let start = 10 + Int(data[8]) + Int(data[9]) << 8
            return Array(data[start...]).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        }
    }
}
