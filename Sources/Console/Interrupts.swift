// Ctrl-C and SIGTERM: once asks to drain, twice stops.

import Glibc
import Synchronization

/// Counts the interrupts of this process. A signal handler may do no more than that.
enum Interrupts {
    private static let count = Atomic<Int>(0)

    /// From here on SIGINT and SIGTERM are counted instead of ending the process.
    static func begin() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in Interrupts.count.add(1, ordering: .relaxed) }
        }
        signal(SIGPIPE, SIG_IGN)
    }

    /// How often the user has asked to stop.
    static var received: Int { count.load(ordering: .relaxed) }
}
