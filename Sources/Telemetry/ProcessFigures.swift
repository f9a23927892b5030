// What the system says about a process: its memory, its files, its age.

import Glibc
import Transport

/// Read from /proc; a figure that the system does not tell is left out.
public enum ProcessFigures {
    /// Resident memory in bytes.
    public static func residentBytes(of process: Int? = nil) -> Int? {
        let name = process.map(String.init) ?? "self"
        guard let fields = readSmallFile("/proc/\(name)/statm")?.split(separator: " "),
            fields.count > 1, let pages = Int(fields[1])
        else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// The program's name, as the kernel cuts it (15 bytes).
    public static func name(of process: Int) -> String? {
        readSmallFile("/proc/\(process)/comm").map { String($0.prefix { $0 != "\n" }) }
    }

    public static var openDescriptors: Int { entries(of: "/proc/self/fd").count }

    public static var descriptorsMax: Double {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return .nan
        }
        return limit.rlim_cur == rlim_t.max ? .infinity : Double(limit.rlim_cur)
    }

    /// Of all threads, in user and kernel mode.
    public static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Adds the figures that every client of Prometheus has, under their usual names.
    public static func register(in registry: Registry) {
        let began = Double(wallMilliseconds()) / 1_000
        registry.reading(
            .gauge, "process_start_time_seconds", "When the process started, in Unix time.",
            { began })
        registry.reading(
            .counter, "process_cpu_seconds_total", "Processor time of all threads.",
            { processorSeconds })
        registry.reading(
            .gauge, "process_resident_memory_bytes", "Memory that is resident.",
            { residentBytes().map(Double.init) ?? .nan })
        registry.reading(
            .gauge, "process_open_fds", "File descriptors that are open.",
            { Double(openDescriptors) })
        registry.reading(
            .gauge, "process_max_fds", "File descriptors that may be open.", { descriptorsMax })
        registry.reading(
            .counter, "sounder_log_lines_dropped_total",
            "Log lines dropped because nobody took them from standard error.",
            { Double(ProgramLog.linesDropped) })
    }
}

/// The beginning of a file that the kernel makes up, 64 KiB at most; nil if it cannot be read.
public func readSmallFile(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var text: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: 4_096)
    while text.count < 65_536 {
        let count = read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { return nil }
        if count == 0 { break }
        text += bytes.prefix(count)
    }
    return String(decoding: text, as: UTF8.self)
}
