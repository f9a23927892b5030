// Processors, memory, clock, and what makes a machine slower than it looks.

import Glibc
import Telemetry
import Transport

struct MachineChecks {
    private let system: SystemFiles

    init(_ system: SystemFiles) { self.system = system }

    var findings: [Finding] {
        [processors, memory, hugePages, governor, load, clock].compactMap { $0 }
    }

    var processors: Finding {
        let online = processorCount()
        let allowed = system.allowedProcessors ?? online
        let quota = system.groupProcessors ?? Double(allowed)
        let usable = min(Double(min(allowed, online)), quota)
        guard usable + 0.01 < Double(online) else {
            return .ok("processors", online.of("core"))
        }
        let share = usable == usable.rounded() ? "\(Int(usable))" : usable.fixed(1)
        return .warning(
            "processors", "\(online.of("core")), of which this process may use \(share): workers "
                + "start \(online.of("thread")) by default",
            remedy: "pass --threads \(max(1, Int(usable))) to each worker here, or lift the limit "
                + "of the control group (cpu.max) or the affinity")
    }

    var memory: Finding? {
        guard let total = system.memory("MemTotal"), let free = system.memory("MemAvailable")
        else { return nil }
        let limit = system.groupMemory
        let usable = min(free, limit ?? free)
        let size = "\(total.bytes) of memory, \(free.bytes) available"
        let group = limit.map { $0 < total ? "; the control group may use \($0.bytes)" : "" } ?? ""
        guard usable < 1e9 else { return .ok("memory", size + group) }
        return .warning(
            "memory", size + group,
            remedy: "a vocabulary of 1 M words at --dim 300 takes 2.4 GB in the coordinator and in "
                + "each worker; free memory, raise memory.max, or train a smaller model")
    }

    /// The matrices are read at random: with small pages half of the reads miss the page tables.
    var hugePages: Finding? {
        guard let modes = system.text("/sys/kernel/mm/transparent_hugepage/enabled"),
            modes.contains("[never]")
        else { return nil }
        return .warning(
            "huge pages", "transparent huge pages are off, which slows training",
            remedy: "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled (as root)")
    }

    var governor: Finding? {
        let path = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
        guard system.text(path)?.trimmed == "powersave",
            system.text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver")?.trimmed
                != "intel_pstate"
        else { return nil }
        return .warning(
            "frequency", "the processors save power and run slowly",
            remedy: "cpupower frequency-set -g performance (as root)")
    }

    var load: Finding? {
        guard let text = system.text("/proc/loadavg"),
            let load = text.split(separator: " ").first.flatMap({ Double($0) })
        else { return nil }
        let cores = processorCount()
        guard load > 1.5 * Double(cores) else { return nil }
        return .warning(
            "load", "\(load.fixed(1)) programs want a processor, and there are \(cores)",
            remedy: "if these are not Sounder's own workers, stop them or use fewer --threads: "
                + "the slowest worker sets the pace of a round")
    }

    /// Nothing is decided by wall clocks; logs of several machines are compared by them.
    var clock: Finding {
        let (wall, steady) = (wallMilliseconds(), monotonicMilliseconds())
        usleep(50_000)
        let passed = (wallMilliseconds() - wall, monotonicMilliseconds() - steady)
        // From 2025 to 2100.
        guard (1_735_689_600_000...4_102_444_800_000).contains(wall) else {
            return .warning(
                "clock", "the clock says \(Timestamp(wall)), which cannot be",
                remedy: "set it and keep it set: timedatectl set-ntp true")
        }
        guard abs(passed.0 - passed.1) <= 20 else {
            return .warning(
                "clock", "the clock stepped by \(passed.0 - passed.1) ms while we looked",
                remedy: "let one program alone set it (chrony or systemd-timesyncd)")
        }
        return .ok("clock", "\(Timestamp(wall)), steady")
    }
}

extension Double {
    /// `1.5 GB`, in powers of ten as disks and memory are sold.
    var bytes: String {
        let units = ["B", "kB", "MB", "GB", "TB", "PB"]
        var (value, unit) = (self, 0)
        while value >= 999.5, unit < units.count - 1 {
            value /= 1_000
            unit += 1
        }
        return "\(value.fixed(value < 9.95 && unit > 0 ? 1 : 0)) \(units[unit])"
    }
}
