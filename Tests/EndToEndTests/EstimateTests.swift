// What an estimate tells, and what the job then takes.

import Foundation
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct EstimateTests {
        /// A model, settings that both commands take, and the figures that both tell.
        struct Case: Sendable, CustomStringConvertible {
            let model: String
            let flags: [String]
            let figures: [String]
            var description: String { model }

            static let all = [
                Case(
                    model: "fasttext",
                    flags: ["--dim", "16", "--buckets", "30000", "--epochs", "1"],
                    figures: ["vocabulary", "rounds", "partitions"]),
                Case(
                    model: "glove", flags: ["--dim", "16", "--epochs", "2", "--window", "5"],
                    figures: ["vocabulary", "rounds", "partitions", "pairs"]),
                Case(
                    model: "sppmi", flags: ["--dim", "16"],
                    figures: ["vocabulary", "pairs", "cells"]),
            ]
        }

        @Test("a text of a few lines is trained on as often as a second takes")
        func short() async throws {
            let site = try Site()
            let lines = String(repeating: "one two three four\n", count: 50)
            let told = try await Program(
                "sounder",
                [
                    "estimate", "train", "sgns", "--min-count", "1", "--json", "--input",
                    try site.write(lines, to: "short.txt"),
                ], in: site
            ).ending(within: 60)
            try #require(told.code == 0, "\(told)")
            #expect(told.number("vocabulary") == 4)
        }

        @Test(
            "of a text that is looked at as a whole the plan is told exactly", arguments: Case.all)
        func whole(_ item: Case) async throws {
            let site = try Site()
            let flags = item.flags + [
                "--input", try site.corpus(), "--workers", "2", "--threads", "1", "--json",
            ]
            let told = try await Program(
                "sounder", ["estimate", "train", item.model] + flags, in: site
            ).ending(within: 30)
            try #require(told.code == 0, "\(told)")
            let job = try await Program(
                "sounder",
                ["train", item.model, "--output", site.path("v.vec"), "--quiet"] + flags, in: site
            ).ending(within: 180)
            try #require(job.code == 0, "\(job)")
            for figure in item.figures {
                #expect(told.number(figure) == job.number(figure), "\(figure): \(told)\(job)")
            }
            for figure in [
                "workerBytes", "coordinatorBytes", "diskBytes", "outputBytes", "bytesSent",
                "secondsCounting", "secondsEncoding", "secondsTraining", "seconds",
            ] {
                #expect(try #require(told.number(figure)) > 0, "\(figure)")
            }
            let traffic = (told.number("bytesSent") ?? 0) + (told.number("bytesReceived") ?? 0)
            if let moved = job.number("bytesSent") {
                #expect((0.7...1.4).contains(traffic / moved), "\(traffic) for \(moved)")
            }
            try await site.expectNothingLeft()
        }
    }
}
