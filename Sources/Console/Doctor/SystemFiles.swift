// What the kernel says about this machine and our part of it, in its own small files.

import Telemetry

/// Reads /proc and /sys below `root`, which tests put elsewhere.
struct SystemFiles {
    var root = ""

    func text(_ path: String) -> String? { readSmallFile(root + path) }

    /// The value after `key:` in a file of such lines.
    func field(_ key: String, in path: String) -> String? {
        for line in text(path)?.split(separator: "\n") ?? [] where line.hasPrefix(key + ":") {
            return String(line.dropFirst(key.count + 1)).trimmed
        }
        return nil
    }

    /// Bytes of a line like `MemTotal:  16316412 kB`.
    func memory(_ key: String) -> Double? {
        let parts = field(key, in: "/proc/meminfo")?.split(separator: " ")
        return parts?.first.flatMap { Double($0) }.map { $0 * 1_024 }
    }

    /// A limit of our control group or of one above it, the lowest; nil if there is none.
    /// Version 2 alone: version 1 has gone from the distributions that we build for.
    func groupLimit(_ name: String, _ read: (String) -> Double?) -> Double? {
        guard let line = text("/proc/self/cgroup")?.split(separator: "\n")
            .first(where: { $0.hasPrefix("0::") })
        else { return nil }
        var path = String(line.dropFirst(3))
        var lowest: Double?
        while true {
            let file = "/sys/fs/cgroup" + (path == "/" ? "" : path) + "/" + name
            if let limit = text(file).flatMap({ read($0.trimmed) }) {
                lowest = min(lowest ?? limit, limit)
            }
            guard path != "/", let slash = path.lastIndex(of: "/") else { return lowest }
            path = slash == path.startIndex ? "/" : String(path[..<slash])
        }
    }

    /// Bytes that our control group may use.
    var groupMemory: Double? { groupLimit("memory.max") { Double($0) } }

    /// Processors' worth of time that our control group may use.
    var groupProcessors: Double? {
        groupLimit("cpu.max") { text in
            let parts = text.split(separator: " ").compactMap { Double($0) }
            return parts.count == 2 && parts[1] > 0 ? parts[0] / parts[1] : nil
        }
    }

    /// Processors that this process may run on.
    var allowedProcessors: Int? {
        guard let list = field("Cpus_allowed_list", in: "/proc/self/status") else { return nil }
        var count = 0
        for range in list.split(separator: ",") {
            let ends = range.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, last >= first else { return nil }
            count += last - first + 1
        }
        return count
    }
}

extension String {
    /// Without spaces and newlines at its ends.
    var trimmed: String {
        var text = Substring(self)
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
