// What the coordinator says to peers that no program of ours would be, and ours to others.

import Foundation
@testable import Processes
import Protocol
import Testing
import Transport

extension EndToEnd {
    @Suite(.serialized)
    struct PeerTests {
        @Test("7: a worker of another protocol is refused, and both versions named")
        func otherProtocol() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 0)
            let peer = try HandDrivenPeer(cluster.address, name: "from-the-future")
            let answer = try await peer.greet(
                as: .worker, softwareVersion: "99.9", protocolVersion: 98)
            try expectMismatch(answer, "98", "\(Limits.protocolVersion)")
            try await expectNoWorkers(cluster)
            try await cluster.stop()
        }

        @Test("7: a worker of another software version is refused, a client is not")
        func otherSoftware() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 0)
            let worker = try HandDrivenPeer(cluster.address, name: "a-worker")
            let answer = try await worker.greet(as: .worker, softwareVersion: "99.9")
            try expectMismatch(answer, "99.9", softwareVersion)
            try await expectNoWorkers(cluster)
            let client = try HandDrivenPeer(cluster.address, name: "a-client")
            guard case .welcome = try await client.greet(as: .client, softwareVersion: "99.9")
            else { Issue.record("the client is refused"); return }
            try await cluster.stop()
        }

        private func expectMismatch(_ answer: Header, _ versions: String...) throws {
            guard case .refused(let refused) = answer else {
                Issue.record("\(answer)")
                return
            }
            #expect(refused.fault.code == .versionMismatch)
            for version in versions {
                #expect(refused.fault.message.contains(version), "\(refused)")
            }
        }

        private func expectNoWorkers(_ cluster: StandingCluster) async throws {
            let status = try await cluster.sounder("status", "--json")
            #expect((status.json["workers"] as? [Any])?.isEmpty == true, "\(status)")
        }

        @Test("7: a worker that is refused ends with the sentence it was told")
        func refusedWorker() async throws {
            let site = try Site()
            let address = "ipc://\(site.path("control"))"
            let fault = Fault(.versionMismatch, "worker 1.0 is not coordinator 2.0; install one")
            let coordinator = try HandDrivenCoordinator(
                address, greeting: .refused(Refused(fault: fault)))
            let worker = try Program("sounder-worker", ["--coordinator", address], in: site)
            let ending = try await coordinator.serve(worker)
            #expect(ending.code == 78, "\(ending)")
            #expect(ending.errors.contains(fault.message), "\(ending)")
            try await site.expectNothingLeft()
        }

        @Test("a command asks for what it needs and nothing before")
        func firstWord() async throws {
            let site = try Site()
            let address = "ipc://\(site.path("control"))"
            let coordinator = try HandDrivenCoordinator(
                address, greeting: HandDrivenCoordinator.welcome)
            let ending = try await coordinator.serve(
                site.start(["cancel", "j-1", "--cluster", address]))
            #expect(ending.code == 77, "\(ending)")
            #expect(coordinator.heard == [.cancel(Cancel(job: JobID("j-1")))])
        }

        @Test("of two submissions under one key that come together, the other one is refused")
        func keyReusedAtOnce() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 0)
            let client = try HandDrivenPeer(cluster.address, name: "hasty")
            try await client.greet(as: .client)
            var spec = TrainWords(files: [try InputFile(reading: site.corpus())])
            // Stopped, the coordinator finds all of them at once.
            cluster.coordinator.signal(SIGSTOP)
            for (request, dimension) in [(1, 10), (2, 20), (3, 10)] {
                spec.dimension = dimension
                try await client.say(
                    .submit(Submit(key: "k", spec: .trainWords(spec))), request: UInt64(request))
            }
            try await Task.sleep(for: .milliseconds(100))
            cluster.coordinator.signal(SIGCONT)
            guard case .accepted(let first) = try await client.answer(to: 1),
                case .refused(let second) = try await client.answer(to: 2),
                case .accepted(let third) = try await client.answer(to: 3)
            else { Issue.record("not accepted, refused, accepted"); return }
            #expect(second.fault.code == .jobKeyReused)
            #expect(first == third)
            try await cluster.stop()
        }

        @Test("outputs that arrive after the end of their job are let go")
        func lateOutputs() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 0, liveness: 30_000)
            let peer = try HandDrivenPeer(cluster.address, name: "slow")
            try await peer.greet(as: .worker)
            let client = try HandDrivenPeer(cluster.address, name: "client")
            try await client.greet(as: .client)
            let files = [try InputFile(reading: site.corpus())]
            try await client.say(
                .submit(Submit(key: "k", spec: .trainWords(TrainWords(files: files)))), request: 1)
            let given = try await peer.message { message -> Assign? in
                if case .assign(let assign) = message.header { assign } else { nil }
            }
            let frame = Frame([UInt8](repeating: 1, count: 300 << 20))
            let output = PayloadReference(
                id: "late", size: frame.count, checksum: Checksum.of(frame))
            try await peer.say(
                .unitFinished(
                    UnitFinished(
                        unit: given.unit, lease: given.lease,
                        outcome: UnitOutcome(outputs: [output], measures: [:]))))
            // What is answered was heard, and so was all that was said before.
            try await peer.say(.heartbeat(Heartbeat()))
            _ = try await peer.message { $0.header == .heartbeat(Heartbeat()) ? true : nil }
            try await client.say(.cancel(Cancel(job: given.unit.job)), request: 2)
            _ = try await client.answer(to: 2)

            // Only now can the output be fetched, and the fetch is under way already.
            let bulk = try BulkExchange(
                connectingTo: Address(cluster.address).bulk(), as: peer.name, role: .worker,
                context: peer.context, softwareVersion: softwareVersion)
            bulk.offer(id: "late", frame: frame, checksum: output.checksum)
            let isServed = try await eventually(within: 20) {
                bulk.counters.bytesSent >= frame.count
            }
            #expect(isServed)
            let isSmall = try await eventually(within: 5) {
                try cluster.coordinator.residentBytes() < 150 << 20
            }
            let held = try cluster.coordinator.residentBytes()
            #expect(isSmall, "\(held) bytes are held")
            bulk.stop()
            try await cluster.stop()
        }

        @Test("a cluster of thousands is summed up")
        func crowd() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 0, liveness: 60_000)
            let peer = try HandDrivenPeer(cluster.address, name: "the-last")
            for index in 1..<2_000 {
                let hello = Hello(
                    softwareVersion: softwareVersion, role: .worker, name: WorkerID("w\(index)"),
                    capabilities: HandDrivenPeer.capabilities)
                try await peer.say(.hello(hello))
            }
            try await peer.greet(as: .worker)
            let status = try await cluster.sounder("status", "--json")
            #expect(status.number("workersTotal") == 2_000, "\(status)")
            let listing = try await cluster.sounder("status")
            #expect(listing.code == 0, "\(listing)")
            #expect(listing.output.hasSuffix("and 1900 more workers\n"), "\(listing)")
            try await cluster.stop()
        }
    }
}
