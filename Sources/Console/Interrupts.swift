// Ctrl-C and SIGTERM: once asks to drain, twice stops.

import Glibc
import Protocol
import Synchronization

/// Counts the interrupts of this process. A signal handler may do no more than that.
enum Interrupts {
    private static let count = Atomic<Int>(0)

    /// From here on SIGINT and SIGTERM are counted instead of ending the process.
    static func begin() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in
                // The second one stops at once, yet in order: nothing half written, no directory
                // left. The third ends us wherever we are; our processes see it and follow.
                if Interrupts.count.add(1, ordering: .relaxed).oldValue > 1 { _exit(130) }
            }
        }
        signal(SIGPIPE, SIG_IGN)
    }

    /// - Throws: a `Fault` if the user has asked to stop, for work that nothing else ends.
    static func check() throws(Fault) {
        if received > 0 { throw Fault(.cancelled, "interrupted") }
    }

    /// How often the user has asked to stop.
    static var received: Int { count.load(ordering: .relaxed) }
}
