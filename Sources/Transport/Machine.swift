// Facts of this machine and this process that more than one program asks for.

import Glibc

/// Milliseconds of a clock that never steps; only differences mean anything.
public func monotonicMilliseconds() -> Int64 { Int64(MonotonicClock.seconds * 1_000) }

/// Seconds of the same clock.
public func monotonicSeconds() -> Double { MonotonicClock.seconds }

/// Milliseconds since 1970, for people only.
public func wallMilliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
}

public func processorCount() -> Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

public func hostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
