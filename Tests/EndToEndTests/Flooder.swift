// A worker that says HELLO, heartbeats and results as fast as the wire takes them.

import Foundation
@testable import Processes
import Protocol
import Synchronization
import Transport

final class Flooder: Sendable {
    private final class State: Sendable {
        let sent = Atomic(0)
        let stopping = Atomic(false)
    }

    private let state = State()
    private let thread: OwnedThread

    init(_ address: String, _ keys: ClientKeys) throws {
        let address = try Address(address)
        let hello = Hello(
            softwareVersion: softwareVersion, role: .worker, name: WorkerID("flooder"),
            capabilities: HandDrivenPeer.capabilities)
        let unit = WorkUnitID(job: JobID("j"), round: 0, index: 0)
        let lease = Lease(epoch: 1, attempt: 1, token: 1)
        let messages: [[Frame]] = try [
            .hello(hello), .heartbeat(Heartbeat()),
            .unitFailed(UnitFailed(unit: unit, lease: lease, fault: Fault(.data, "flood"))),
        ].map { try Codec.encode(Message($0)) }
        thread = try OwnedThread(name: "flooder") { [state] in
            guard let context = try? Context(),
                var socket = try? Socket(.dealer, plane: .control, context: context, keys: keys),
                (try? socket.connect(to: address)) != nil
            else { return }
            while !state.stopping.load(ordering: .relaxed) {
                let index = state.sent.load(ordering: .relaxed)
                if (try? socket.send(messages[index % messages.count])) == .accepted {
                    state.sent.store(index + 1, ordering: .relaxed)
                } else {
                    usleep(200)
                }
                if index % 64 == 0 { while (try? socket.receive()) ?? nil != nil {} }
            }
        }
    }

    var count: Int { state.sent.load(ordering: .relaxed) }

    func stop() {
        state.stopping.store(true, ordering: .relaxed)
        thread.join()
    }
}
