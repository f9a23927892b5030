// Workers and coordinators are killed over and over, and no bit of the result changes.

import Foundation
import TestSupport
import Testing

@testable import Processes

extension ProcessChaos {
    @Suite(.serialized)
    struct KillTests {
        @Test("1, 11: a few kills of workers and one of the coordinator change no bit")
        func few() async throws {
            try await expectUnchanged(
                Drill.lasting(12), kills: Kills(workers: 6, coordinators: 1), number: 1)
        }

        @Test(
            "1, 11: 100 kills of workers and 10 of the coordinator change no bit",
            .enabled(if: Chaos.isFull, Comment(rawValue: Chaos.onlyFull)))
        func hundred() async throws {
            try await expectUnchanged(
                .long, kills: Kills(workers: 100, coordinators: 10), number: 2)
        }

        private func expectUnchanged(_ drill: Drill, kills: Kills, number: Int) async throws {
            _ = try await drill.calmResult()
            let site = try Site()
            let fleet = try await Fleet(site, workers: 2)
            let began = Date()
            let training = try fleet.begin(drill)
            var numbers = Chaos.numbers(number)
            let done = try await fleet.kill(kills, during: training, &numbers)
            let killed = Date().timeIntervalSince(began)
            #expect(done == kills, "the job was over too soon; seed \(Chaos.seed)")
            let ending = try await fleet.expectCalmResult(of: training, drill, within: 180)
            let job = try #require(ending.json["job"] as? String)
            let log = try await fleet.log(of: job)
            let restarts = log.components(separatedBy: "was started again").count - 1
            #expect(restarts == kills.coordinators, "\(log)")
            Chaos.say(
                "chaos: seed \(Chaos.seed), \(done.workers) workers and \(done.coordinators) "
                    + "coordinators killed in \(Int(killed)) s, over after "
                    + "\(Int(ending.seconds)) s, \(Int(ending.number("retries") ?? 0)) units "
                    + "tried again, result unchanged")
            try await fleet.stop()
        }
    }
}

struct Kills: Equatable {
    var workers = 0
    var coordinators = 0
    var total: Int { workers + coordinators }
}

extension Fleet {
    /// Kills by chance, and at once where the job is ahead of the killing.
    /// - Returns: how many were killed before the job was over.
    func kill(
        _ kills: Kills, during training: Program, _ numbers: inout Numbers
    ) async throws -> Kills {
        var victims = (0..<kills.total).map { $0 < kills.coordinators }
        victims.shuffle(using: &numbers)
        var done = Kills()
        try await awaitStage("training")
        for isCoordinator in victims {
            let gap = Double.random(in: 0.3...1.9, using: &numbers)
            let began = Date()
            _ = try await eventually(within: gap, every: 0.1) {
                guard Date().timeIntervalSince(began) > 0.3 else { return false }
                return try await self.share() * Double(kills.total + 2) > Double(done.total)
            }
            guard training.isRunning else { return done }
            if isCoordinator {
                try await killCoordinator()
                try startCoordinator()
                done.coordinators += 1
            } else {
                let index = Int.random(in: workers.indices, using: &numbers)
                try await killWorker(index)
                try startWorker(at: index)
                done.workers += 1
            }
        }
        return done
    }

    /// Of the newest job's rounds, those that are done.
    private func share() async throws -> Double {
        guard let job = try await newestJob(), job["stage"] as? String == "training",
            let round = (job["round"] as? NSNumber)?.doubleValue,
            let rounds = (job["rounds"] as? NSNumber)?.doubleValue
        else { return 0 }
        return round / max(rounds, 1)
    }
}
