// What the coordinator says to peers that no program of ours would be, and ours to others.

import Foundation
import Protocol
import Testing
import Transport

extension EndToEnd {
    @Suite(.serialized)
    struct PeerTests {
        @Test("a worker that is refused ends with the sentence it was told")
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
    }
}
