// The clock of deadlines: it never steps, and only differences of it mean anything.

import Glibc

enum MonotonicClock {
    /// Seconds since some moment before the process started.
    static var seconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
