// What each key may say to a real coordinator, and how much of it.

import Foundation
@testable import Processes
import Protocol
import Testing
import Transport

extension EndToEnd {
    @Suite(.serialized)
    struct RoleTests {
        private static let unit = WorkUnitID(job: JobID("j-1"), round: 0, index: 0)
        private static let lease = Lease(epoch: 1, attempt: 1, token: 7)

        private func expectForbidden(_ answer: Header, _ key: String) {
            guard case .refused(let refused) = answer else {
                Issue.record("\(answer) is no refusal")
                return
            }
            #expect(refused.fault.code == .forbidden && refused.fault.exitCode == 77)
            #expect(refused.fault.message.contains(key), "\(refused.fault)")
        }

        @Test("46: a worker's key submits, asks and cancels nothing, whatever it says in HELLO")
        func workersKey() async throws {
            let site = try Site()
            let cluster = try await KeyedCluster(site)
            let peer = try cluster.peer("w1", try await cluster.keygen("node7", "worker"))
            expectForbidden(try await peer.greet(as: .client), "node7")
            guard case .welcome = try await peer.greet(as: .worker) else {
                Issue.record("no WELCOME")
                return
            }
            let files = [try InputFile(reading: site.corpus())]
            let verbs: [Header] = [
                .submit(Submit(key: "k", spec: .trainWords(TrainWords(files: files)))),
                .cancel(Cancel(job: JobID("j-1"))), .query(Query()),
                .drainWorker(DrainWorker(worker: WorkerID("w1"))),
            ]
            for (index, verb) in verbs.enumerated() {
                try await peer.say(verb, request: UInt64(index + 1))
                expectForbidden(try await peer.answer(to: UInt64(index + 1)), "node7")
            }
            let jobs = try await cluster.sounder("jobs", "--json")
            #expect((jobs.json["jobs"] as? [Any])?.isEmpty == true, "\(jobs)")
            #expect(cluster.coordinator.errors.contains("node7"))
            try await cluster.stop()
        }

        @Test("46: a client's key joins as no worker, and hands in nothing")
        func clientsKey() async throws {
            let site = try Site()
            let cluster = try await KeyedCluster(site)
            let peer = try cluster.peer("c1", try await cluster.keygen("ada", "client"))
            expectForbidden(try await peer.greet(as: .worker), "ada")
            _ = try await peer.greet(as: .client)
            let verbs: [Header] = [
                .heartbeat(Heartbeat()),
                .unitFinished(
                    UnitFinished(
                        unit: Self.unit, lease: Self.lease,
                        outcome: UnitOutcome(outputs: [], measures: [:]))),
                .goodbye(Goodbye(finishing: false)),
                .drainWorker(DrainWorker(worker: WorkerID("w1"))),
            ]
            for (index, verb) in verbs.enumerated() {
                try await peer.say(verb, request: UInt64(index + 1))
                expectForbidden(try await peer.answer(to: UInt64(index + 1)), "ada")
            }
            #expect(try await cluster.names() == [])
            try await cluster.stop()
        }

        @Test("46: another key cannot take over the name of a worker")
        func nameTaken() async throws {
            let site = try Site()
            let cluster = try await KeyedCluster(site)
            let worker = try cluster.startWorker(
                "--key", try await cluster.keygen("node7", "worker"), "--name", "w7")
            try await cluster.awaitWorkers(1)
            let thief = try cluster.peer("w7", try await cluster.keygen("thief", "worker"))
            expectForbidden(try await thief.greet(as: .worker), "w7")
            try await thief.say(.goodbye(Goodbye(finishing: false)), request: 9)
            guard case .refused = try await thief.answer(to: 9) else {
                Issue.record("the thief speaks for the worker")
                return
            }
            #expect(worker.isRunning)
            #expect(try await cluster.names() == ["w7"])
            try await cluster.stop()
        }

        @Test("46: forged tokens, old epochs and replayed results change nothing")
        func forgedLeases() async throws {
            let site = try Site()
            let cluster = try await KeyedCluster(site)
            let honest = try cluster.peer("honest", try await cluster.keygen("honest", "worker"))
            _ = try await honest.greet(as: .worker)
            let forger = try cluster.peer("forger", try await cluster.keygen("forger", "worker"))
            let files = [try InputFile(reading: site.corpus())]
            let client = try cluster.peer("client", try await cluster.keygen("ada", "client"))
            _ = try await client.greet(as: .client)
            try await client.say(
                .submit(Submit(key: "k", spec: .trainWords(TrainWords(files: files)))), request: 1)
            let given = try await honest.message { message -> Assign? in
                if case .assign(let assign) = message.header { assign } else { nil }
            }
            _ = try await forger.greet(as: .worker)
            let real = given.lease
            let nothing = UnitOutcome(outputs: [], measures: [:])
            for lease in [
                real, Lease(epoch: real.epoch, attempt: real.attempt, token: real.token &+ 1),
                Lease(epoch: real.epoch + 1, attempt: real.attempt, token: real.token),
                Lease(epoch: real.epoch, attempt: real.attempt + 1, token: real.token),
            ] {
                try await forger.say(
                    .unitFinished(UnitFinished(unit: given.unit, lease: lease, outcome: nothing)))
                try await forger.say(
                    .unitFailed(
                        UnitFailed(
                            unit: given.unit, lease: lease, fault: Fault(.data, "forged"))))
            }
            try await forger.say(.heartbeat(Heartbeat()))
            _ = try await forger.message { $0.header == .heartbeat(Heartbeat()) ? true : nil }
            try await client.say(.query(Query(job: given.unit.job)), request: 2)
            guard case .jobs(let jobs) = try await client.answer(to: 2) else {
                Issue.record("no answer")
                return
            }
            #expect(jobs.jobs.first?.state == .running && jobs.jobs.first?.unitsDone == 0)
            #expect(jobs.jobs.first?.retries == 0)
            try await cluster.stop()
        }

        @Test("47: a key that floods is dropped, and others are answered as before")
        func flood() async throws {
            let site = try Site()
            let cluster = try await KeyedCluster(site)
            let client = try cluster.peer("client", try await cluster.keygen("ada", "client"))
            _ = try await client.greet(as: .client)
            let calm = try await slowest(of: 200, asking: client)
            let flooder = try Flooder(
                cluster.address,
                try ClientKeys.find(
                    for: Address(cluster.address),
                    KeyFlags(
                        key: try await cluster.keygen("evil", "worker"),
                        serverKey: site.keys + "/coordinator.pub")))
            defer { flooder.stop() }
            let isFlooding = try await eventually(within: 10) { flooder.count > 20_000 }
            #expect(isFlooding)
            let before = flooder.count
            let flooded = try await slowest(of: 200, asking: client)
            #expect(flooder.count > before + 1_000, "the flood has dried up")
            // Both share two cores with whatever else runs here.
            #expect(flooded < 2 * calm + 0.1, "\(calm) s became \(flooded) s")
            flooder.stop()
            let resident = try cluster.coordinator.residentBytes()
            #expect(resident < 300 << 20)
            try await cluster.stop()
        }

        /// The time of the slowest but two of so many questions, in seconds.
        private func slowest(of count: Int, asking client: HandDrivenPeer) async throws -> Double {
            var times: [Double] = []
            for index in 0..<count {
                let start = ContinuousClock.now
                try await client.say(.query(Query()), request: UInt64(1_000 + index))
                _ = try await client.answer(to: UInt64(1_000 + index), every: 0.0002)
                times.append((ContinuousClock.now - start) / .seconds(1))
            }
            return times.sorted()[count - 3]
        }
    }
}
