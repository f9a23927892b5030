// Links that carry what workers say, but badly: flipped bits, delays, resets, and flapping.

import Foundation
import TestSupport
import Testing

@testable import Processes

extension NetworkChaos {
    @Suite(.serialized)
    struct LinkTests {
        @Test("10: payloads that are damaged on their way are fetched again, and no bit is wrong")
        func flips() async throws {
            let drill = Drill(epochs: 100)
            let port = try Ports.freePair()
            let fleet = try await Fleet(
                Site(), .proxied, workers: 2,
                coordinatorFlags: ["--metrics", "127.0.0.1:\(port)"])
            let link = try #require(fleet.proxy)
            // Less often than a payload is long, so that it is rarely hit twice in a row.
            link.changeBulk { $0.both { $0.flipsEvery = 1_000_003 } }
            let ending = try await fleet.expectCalmResult(of: fleet.begin(drill), drill)
            let metrics = Scrape(Ports.metrics(at: port))
            let refetches = metrics["sounder_bulk_refetches_total"]
            Chaos.say(
                "chaos: \(link.tally.flips) bits flipped in \(link.tally.bytes[1]) bytes, the "
                    + "coordinator fetched \(refetches) payloads again, \(ending.seconds) s, "
                    + "\(ending.number("retries") ?? -1) units tried again")
            #expect(link.tally.flips > 5, "\(link.tally)")
            #expect(refetches > 0, "\(metrics.values)")
            try await fleet.stop()
        }

        @Test("21: a slow link that stalls makes a job slower, and nobody is taken for dead")
        func slow() async throws {
            let drill = Drill(epochs: 2, dimension: 4, wordsPerRound: 100_000, partitions: 2)
            let fleet = try await Fleet(Site(), .proxied, workers: 2, liveness: 5_000)
            let link = try #require(fleet.proxy)
            link.change { route in
                route.both { weather in
                    weather.delaySeconds = 0.2
                    weather.jitterSeconds = 0.1
                    weather.bytesPerSecond = 125_000
                }
            }
            let training = try fleet.begin(drill)
            for _ in 0..<2 {
                try await Task.sleep(for: .seconds(0.7))
                #expect(training.isRunning, "over before it stalled")
                link.change { $0.both { $0.isHeld = true } }
                try await Task.sleep(for: .seconds(2))
                link.change { $0.both { $0.isHeld = false } }
            }
            let ending = try await fleet.expectCalmResult(of: training, drill)
            #expect(ending.number("retries") == 0, "\(ending)")
            Chaos.say("chaos: slow link, \(ending.seconds) s, \(link.tally)")
            link.heal()
            try await fleet.stop()
        }

        // MARK: - Resets

        @Test("22: a transfer goes on after resets anywhere in it, without a unit tried again")
        func resets() async throws {
            try await expectResumption(
                Drill(epochs: 10, dimension: 64, wordsPerRound: 100_000), resets: 5)
        }

        @Test(
            "22: a transfer goes on after hundreds of resets",
            .enabled(if: Chaos.isFull, Comment(rawValue: Chaos.onlyFull)))
        func manyResets() async throws {
            try await expectResumption(
                Drill(epochs: 100, dimension: 64, wordsPerRound: 100_000), resets: 300)
        }

        private func expectResumption(_ drill: Drill, resets: Int) async throws {
            _ = try await drill.calmResult()
            let fleet = try await Fleet(Site(), .proxied, workers: 2, liveness: 5_000)
            let link = try #require(fleet.proxy)
            // Only connections that begin now are reset.
            link.changeBulk { $0.isCut = true }
            try await Task.sleep(for: .seconds(0.2))
            link.changeBulk { route in
                route.isCut = false
                route.resetsWithin = 1..<3_000_000
            }
            let ending = try await fleet.expectCalmResult(
                of: fleet.begin(drill), drill, within: 300)
            Chaos.say(
                "chaos: seed \(Chaos.seed), \(link.tally.resets) resets in "
                    + "\(link.tally.bytes[1]) bytes, \(ending.seconds) s")
            #expect(link.tally.resets >= resets, "\(link.tally); seed \(Chaos.seed)")
            #expect(ending.number("retries") == 0, "\(ending); seed \(Chaos.seed)")
            link.heal()
            try await fleet.stop()
        }

        // MARK: - Flapping

        @Test("24: a job ends well over a link that flaps every three seconds")
        func flapping() async throws {
            let drill = try await Drill.lasting(12)
            _ = try await drill.calmResult()
            let fleet = try await Fleet(Site(), .proxied, workers: 2)
            let flaps = try await fleet.flap(during: fleet.begin(drill), drill, "v.bin")
            #expect(flaps >= 2, "the job was over too soon")
            try await fleet.stop()
        }

        @Test(
            "24: jobs end well over a link that flaps every three seconds for ten minutes",
            .enabled(if: Chaos.isFull, Comment(rawValue: Chaos.onlyFull)))
        func longFlapping() async throws {
            _ = try await Drill.long.calmResult()
            let fleet = try await Fleet(Site(), .proxied, workers: 2)
            let until = Date().addingTimeInterval(600)
            var flaps = 0
            var jobs = 0
            while Date() < until {
                jobs += 1
                let training = try fleet.begin(.long, "v.bin", key: "flapping-\(jobs)")
                flaps += try await fleet.flap(during: training, .long, "v.bin")
            }
            Chaos.say("chaos: \(jobs) jobs over a link that flapped \(flaps) times")
            try await fleet.stop()
        }
    }
}

extension Fleet {
    /// Cuts the link, or silences it, and heals it, until the job is over: it must end well, and
    /// its coordinator must not pile up what it cannot send.
    /// - Returns: how often.
    fileprivate func flap(
        during training: Program, _ drill: Drill, _ output: String
    ) async throws -> Int {
        let link = try #require(proxy)
        try await awaitStage("training")
        let before = try coordinator.residentBytes()
        var most = before
        var flaps = 0
        let began = Date()
        while training.isRunning, Date().timeIntervalSince(began) < 300 {
            flaps += 1
            link.change { route in
                if flaps.isMultiple(of: 2) {
                    route.both { $0.isHeld = true }
                } else {
                    route.isCut = true
                }
            }
            try await Task.sleep(for: .seconds(1.3))
            link.heal()
            _ = try await eventually(within: 1.7, every: 0.05) { !training.isRunning }
            most = max(most, try coordinator.residentBytes())
        }
        link.heal()
        let ending = try await expectCalmResult(of: training, drill, output)
        Chaos.say(
            "chaos: \(flaps) flaps in \(Int(ending.seconds)) s, "
                + "\(Int(ending.number("retries") ?? -1)) units tried again, the coordinator "
                + "grew by \((most - before) >> 20) MiB")
        #expect(most - before < 128 << 20, "grew from \(before) to \(most) bytes")
        return flaps
    }
}
