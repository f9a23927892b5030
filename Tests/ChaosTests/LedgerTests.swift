// A coordinator that is killed with very many units in its ledger, and how soon it serves again.

import Cluster
import Foundation
import Journal
import Protocol
import Testing

@testable import Processes

extension Chaos {
    @Suite(.serialized)
    struct LedgerTests {
        @Test("12: with 100,000 units in its ledger a coordinator serves within 2 s of its restart")
        func many() async throws { try await expectServing(units: 100_000) }

        @Test(
            "12: with 1,000,000 units in its ledger a coordinator serves within 2 s of its restart",
            .enabled(if: isFull, Comment(rawValue: onlyFull)))
        func million() async throws { try await expectServing(units: 1_000_000) }

        /// Serving is an answer to a client; before that it has read and checked all of the ledger.
        private func expectServing(units: Int) async throws {
            let site = try Site()
            try leave(units, in: site)
            var seconds: [Double] = []
            var fleet: Fleet?
            for life in 1...5 {
                let began = Date()
                if let fleet {
                    try fleet.startCoordinator()
                } else {
                    fleet = try await Fleet(
                        site, workers: 0, liveness: 60_000,
                        coordinatorFlags: ["--log-level", "notice"])
                }
                let fleet = try #require(fleet)
                // A client that comes too early waits for its next try to connect.
                let listens = try await eventually(within: 30, every: 0.005) {
                    fleet.coordinator.errors.contains("listening at")
                        || !fleet.coordinator.isRunning
                }
                let status = try await fleet.sounder("jobs", "--json")
                seconds.append(Date().timeIntervalSince(began))
                #expect(listens && status.code == 0, "\(status)\(fleet.coordinator.errors)")
                let job = (status.json["jobs"] as? [[String: Any]])?.first
                #expect(job?["job"] as? String == "bench", "life \(life): \(status)")
                try await fleet.killCoordinator()
            }
            Chaos.say("chaos: with \(units) units in the ledger it served after \(seconds) s")
            // The median: others may take the processors for a moment.
            #expect(seconds.sorted()[seconds.count / 2] < 2, "\(seconds)")
        }

        /// What a coordinator leaves that was killed when all units of a round were done but one.
        private func leave(_ units: Int, in site: Site) throws {
            mkdir(site.path("filled"), 0o700)
            let journal = try JobJournal(
                path: site.path("filled/journal.sqlite"), isDurable: false)
            let job = JobID("bench")
            try journal.commit([
                .jobSubmitted(
                    job, key: "bench", .trainWords(TrainWords(files: [])), atWallMilliseconds: 0)
            ])
            let round = RoundSummary(number: 0, stage: "encoding", index: 0, count: 1, units: units)
            try journal.commit([.roundStarted(job, round)])
            // One unit for each transaction: the most rows that there can be.
            for index in 1..<units {
                let unit = WorkUnitID(job: job, round: 0, index: index)
                let lease = Lease(epoch: 1, attempt: 1, token: UInt64(index) &* 0x9E37_79B9)
                let output = PayloadReference(
                    id: "bench/0/\(index)/1.1/vectors", size: 1 << 20, checksum: 77)
                let outcome = UnitOutcome(
                    outputs: [output], measures: ["words": 256, "computeSeconds": 1.25])
                try journal.commit([
                    .unitAssigned(unit, lease, WorkerID("host-1234-abcdef")),
                    .unitDone(unit, lease, outcome),
                ])
            }
            // Copied while it is open, so that nothing is tidied up: log and all.
            mkdir(site.path("state"), 0o700)
            for name in try FileManager.default.contentsOfDirectory(atPath: site.path("filled")) {
                try FileManager.default.copyItem(
                    atPath: site.path("filled/\(name)"), toPath: site.path("state/\(name)"))
            }
            withExtendedLifetime(journal) {}
        }
    }
}
