// What the system lets one process have.

import Glibc
import Protocol

struct LimitChecks {
    private let system: SystemFiles
    private static let descriptorsLeast = 256
    private static let descriptorsEnough = 4_096

    init(_ system: SystemFiles) { self.system = system }

    var findings: [Finding] { [openFiles, maps].compactMap { $0 } }

    var openFiles: Finding {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Self.openFiles(
            soft: Int(clamping: limit.rlim_cur), hard: Int(clamping: limit.rlim_max))
    }

    static func openFiles(soft: Int, hard: Int) -> Finding {
        let remedy = "ulimit -n 65536 in the shell, or LimitNOFILE=65536 in the unit"
        if soft < descriptorsLeast {
            return .error("open files", "this process may open \(soft) files", remedy: remedy)
        }
        guard soft < descriptorsEnough else {
            return .ok("open files", "\(soft == .max ? "any number" : "\(soft)") may be open")
        }
        return .warning(
            "open files",
            "\(soft) may be open (up to \(hard) if raised), enough for \((soft - 96) / 2) workers",
            remedy: "for a larger cluster: " + remedy)
    }

    /// Big matrices and corpora are mapped.
    var maps: Finding? {
        guard system.text("/proc/sys/vm/overcommit_memory")?.trimmed == "2" else { return nil }
        return .warning(
            "overcommit", "the kernel never promises more memory than it has",
            remedy: "sysctl vm.overcommit_memory=0, or expect that large models are refused")
    }
}
