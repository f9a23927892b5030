// How a process learns that it should end: a signal, or the death of the process that started it.

import Glibc
import Protocol
import Synchronization

/// Waits for SIGTERM, SIGINT or the closing of the parent's pipe on a thread of its own.
public enum Supervision {
    public enum Reason: Sendable, Equatable {
        /// Once: drain. Again: stop.
        case signal
        /// Nobody is left to work for.
        case parentDied
    }

    private static let pending = Atomic<Int>(0)

    /// Calls `act` for every reason to end, on the watching thread.
    ///
    /// - Parameter parentDescriptor: the reading end of a pipe whose writing end the parent holds.
    public static func watch(
        parentDescriptor: Int32?, _ act: @escaping @Sendable (Reason) -> Void
    ) throws(TransportError) -> OwnedThread {
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGTERM, SIGINT] {
            // A handler may do no more than count.
            signal(number) { _ in Supervision.pending.add(1, ordering: .relaxed) }
        }
        return try OwnedThread(name: "supervision") {
            var seen = 0
            var parent = parentDescriptor
            while true {
                if let descriptor = parent, hasClosed(descriptor) {
                    parent = nil
                    act(.parentDied)
                }
                let count = pending.load(ordering: .relaxed)
                for _ in seen..<count { act(.signal) }
                seen = count
                // With a parent the wait is in `hasClosed`, which a closing pipe ends at once.
                if parent == nil { usleep(50_000) }
            }
        }
    }

    private static func hasClosed(_ descriptor: Int32) -> Bool {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let ready = poll(&item, 1, 50)
        return ready > 0 && item.revents & Int16(POLLHUP | POLLERR | POLLNVAL | POLLIN) != 0
    }
}
