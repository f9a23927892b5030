// The rest of the family of word vectors: killed in mid-job, none of them changes a bit.

import Foundation
import Testing

@testable import Processes

extension ProcessChaos {
    @Suite(.serialized)
    struct FamilyTests {
        struct Member: Sendable, CustomStringConvertible {
            let command: [String]
            let megabytes: Int
            /// Where a worker is killed, and then the coordinator.
            let stages: (worker: String, coordinator: String)

            var description: String {
                let loss = command.contains("hierarchical-softmax") ? ", hierarchical softmax" : ""
                return command.prefix { !$0.hasPrefix("-") }.joined(separator: " ") + loss
            }

            static let all = [
                Member(
                    command: [
                        "train", "fasttext", "--dim", "16", "--buckets", "20000", "--epochs", "15",
                        "--words-per-round", "20000", "--partitions", "4", "--deterministic",
                    ], megabytes: 1, stages: ("training", "training")),
                Member(
                    command: [
                        "train", "cbow", "--dim", "16", "--epochs", "90",
                        "--words-per-round", "20000", "--partitions", "4", "--deterministic",
                    ], megabytes: 1, stages: ("training", "training")),
                Member(
                    command: [
                        "train", "sgns", "--loss", "hierarchical-softmax", "--dim", "16",
                        "--epochs", "30", "--words-per-round", "20000", "--partitions", "4",
                        "--deterministic",
                    ], megabytes: 1, stages: ("training", "training")),
                Member(
                    command: [
                        "train", "glove", "--dim", "16", "--window", "5", "--epochs", "30",
                        "--partitions", "2", "--deterministic",
                    ], megabytes: 1, stages: ("training", "training")),
                Member(
                    command: ["train", "sppmi", "--dim", "200", "--window", "10"], megabytes: 2,
                    stages: ("factorising", "factorising")),
                Member(
                    command: [
                        "phrases", "--min-count", "3", "--threshold", "20", "--passes", "2",
                    ], megabytes: 6, stages: ("counting", "counting")),
            ]
        }

        @Test(
            "1, 11: a worker and the coordinator are killed in mid-job, and no bit changes",
            arguments: Member.all)
        func killed(_ member: Member) async throws {
            let site = try Site()
            let corpus = try site.write(Corpora.megabytes(member.megabytes), to: "corpus.txt")
            func begin(_ output: String, _ more: String...) throws -> Program {
                try Program(
                    "sounder",
                    member.command + ["--input", corpus, "--output", site.path(output), "--quiet"]
                        + more, in: site)
            }
            let calm = try await begin("calm.bin", "--workers", "2", "--threads", "1")
                .ending(within: 60)
            try #require(calm.code == 0, "\(calm)")

            let fleet = try await Fleet(site, workers: 2)
            let running = try begin("killed.bin", "--cluster", fleet.address)
            let job = try await fleet.awaitStage(member.stages.worker)
            // Of one unit nobody knows beforehand which worker has it.
            let isAlone = member.stages.worker == "factorising"
            for index in 0..<(isAlone ? 2 : 1) {
                try await fleet.killWorker(index)
                try fleet.startWorker(at: index)
            }
            let isMissed = try await eventually(within: 10, every: 0.05) {
                try await fleet.retries(of: job) >= 1
            }
            #expect(isMissed, "\(fleet.coordinator.errors)")
            try await fleet.awaitStage(member.stages.coordinator)
            try await fleet.killCoordinator()
            #expect(running.isRunning, "the job was over too soon")
            try fleet.startCoordinator()
            let ending = try await running.ending(within: 60)
            try #require(ending.code == 0, "\(ending)\(fleet.coordinator.errors)")
            #expect(try site.bytes("killed.bin") == (try site.bytes("calm.bin")))
            #expect(try await fleet.log(of: job).contains("was started again"))
            #expect(
                !fleet.coordinator.errors.contains("not as it was"), "\(fleet.coordinator.errors)")
            try await fleet.stop()
        }
    }
}
