// A TCP proxy in front of a coordinator that treats the bytes as badly as a test asks for.

import Foundation
import Synchronization
import TestSupport

@testable import Processes

/// What happens to the bytes that go in one direction.
struct Weather {
    var delaySeconds = 0.0
    /// Up to so much more or less for each piece, which keeps its place in the stream.
    var jitterSeconds = 0.0
    /// Of each connection.
    var bytesPerSecond: Double?
    /// Nothing comes through, and neither does an end or a reset; it all comes when this ends.
    var isHeld = false
    /// Bytes vanish. A connection that has lost some is reset when this ends.
    var isLost = false
    /// One bit changes in every so many bytes.
    var flipsEvery: Int?
}

/// What happens on the control or the bulk plane.
struct Route {
    var toCoordinator = Weather()
    var toWorker = Weather()
    /// Each connection is reset after so many bytes, both directions together.
    var resetsWithin: Range<Int>?
    /// Connections are reset, new ones at once.
    var isCut = false

    mutating func both(_ change: (inout Weather) -> Void) {
        change(&toCoordinator)
        change(&toWorker)
    }
}

final class FaultProxy: Sendable {
    struct Tally {
        var connections = 0
        var resets = 0
        var flips = 0
        var bytes = [0, 0]
    }

    struct State {
        /// Control and bulk.
        var routes = [Route(), Route()]
        var tally = Tally()
        var isStopped = false
    }

    /// Of the control plane; the bulk plane is at the next one.
    let port: Int
    let state = Mutex(State())
    private let waking: (reading: Int32, writing: Int32)
    private let done = DispatchSemaphore(value: 0)

    /// - Parameter target: the coordinator's port on this machine.
    init(to target: Int) throws {
        port = try Ports.freePair()
        let listeners = [try Ports.listener(at: port), try Ports.listener(at: port + 1)]
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Overdue(description: "no pipe") }
        waking = (ends[0], ends[1])
        let thread = Thread { [self] in
            var loop = ProxyLoop(self, listeners, wake: waking.reading, target: target)
            while loop.turn() {}
            done.signal()
        }
        thread.start()
    }

    var tally: Tally { state.withLock { $0.tally } }

    /// Both planes alike.
    func change(_ body: (inout Route) -> Void) {
        state.withLock { state in for plane in 0..<2 { body(&state.routes[plane]) } }
        wake()
    }

    func changeBulk(_ body: (inout Route) -> Void) {
        state.withLock { body(&$0.routes[1]) }
        wake()
    }

    func heal() { change { $0 = Route() } }

    private func wake() { _ = write(waking.writing, "w", 1) }

    func stop() {
        let isFirst = state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        guard isFirst else { return }
        wake()
        done.wait()
        close(waking.writing)
        close(waking.reading)
    }
}
