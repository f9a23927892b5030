// Whether the keys are there, and whether they are ours alone.

import Glibc
import Transport

struct KeyChecks {
    let directory: String

    var findings: [Finding] {
        var status = stat()
        guard stat(directory, &status) == 0 else {
            return [
                .ok("keys", "none in \(directory); tcp needs them: sounder keygen makes some")
            ]
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return [
                .error(
                    "keys", "\(directory) is not a directory",
                    remedy: "move it away, or set SOUNDER_KEYS to a directory")
            ]
        }
        if let finding = Self.openness(directory, status, directory: true) { return [finding] }
        let keys = entries(of: directory).filter { $0.hasSuffix(".key") }.sorted()
        // Whoever can write the list lets himself in.
        let guarded = keys + entries(of: directory).filter { $0 == "authorized" }
        let open = guarded.compactMap { name -> Finding? in
            let path = directory + "/" + name
            var status = stat()
            guard lstat(path, &status) == 0 else { return nil }
            return Self.openness(path, status, directory: false)
        }
        guard open.isEmpty else { return open }
        let count = keys.isEmpty ? "no keys" : keys.count.of("key")
        return [.ok("keys", "\(count) in \(directory), readable by this user alone")]
    }

    private static func openness(
        _ path: String, _ status: stat, directory: Bool
    ) -> Finding? {
        let mode = status.st_mode & 0o777
        if status.st_uid != geteuid() {
            return .error(
                "keys", "\(path) belongs to user \(status.st_uid), and we are \(geteuid())",
                remedy: "chown it to the user that runs Sounder")
        }
        guard mode & 0o077 != 0 else { return nil }
        return .error(
            "keys", "\(path) can be read or changed by others (mode 0\(String(mode, radix: 8)))",
            remedy: "chmod \(directory ? "700" : "600") \(path); if others may have read it, make "
                + "a new key and revoke this one")
    }
}
