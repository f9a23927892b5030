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

/// Raises the soft limit of open files and connections to the hard one.
///
/// - Returns: how many this process may have now; nil if the system does not tell.
@discardableResult
public func raiseDescriptorLimit(atMost most: Int = 65_536) -> Int? {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(resource, &limit) == 0 else { return nil }
    let wanted = min(limit.rlim_max, rlim_t(most))
    if limit.rlim_cur < wanted {
        limit.rlim_cur = wanted
        _ = setrlimit(resource, &limit)
    }
    getrlimit(resource, &limit)
    return Int(clamping: limit.rlim_cur)
}

public func hostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
