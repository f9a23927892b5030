// Whether there is room where the programs write, and whether it is a place to trust.

import Glibc
import Transport

struct DirectoryChecks {
    let name: String
    let path: String
    /// What it must survive or hold: the coordinator's state is the cluster's memory.
    let isState: Bool

    static func findings(state: String?, cache: String?) -> [Finding] {
        let temporary = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var checks = [DirectoryChecks(name: "temporary", path: temporary, isState: false)]
        if let cache { checks.append(DirectoryChecks(name: "cache", path: cache, isState: false)) }
        if let state { checks.append(DirectoryChecks(name: "state", path: state, isState: true)) }
        return checks.flatMap(\.findings)
    }

    var findings: [Finding] {
        guard let place = existing else {
            return [
                .error(name, "\(path) is not there", remedy: "name a directory that can be made")
            ]
        }
        guard access(place, W_OK | X_OK) == 0 else {
            return [
                .error(
                    name, "\(place) cannot be written: \(String(cString: strerror(errno)))",
                    remedy: "give it to the user that runs Sounder, or name another")
            ]
        }
        return [room(place), kind(place)].compactMap { $0 }
    }

    /// The directory, or the nearest one above it that is there.
    private var existing: String? {
        var place = path
        while true {
            var status = stat()
            if stat(place, &status) == 0 {
                return status.st_mode & S_IFMT == S_IFDIR ? place : nil
            }
            guard let slash = place.lastIndex(of: "/"), place != "/" else {
                return place.hasPrefix("/") ? "/" : "."
            }
            place = slash == place.startIndex ? "/" : String(place[..<slash])
        }
    }

    private func room(_ place: String) -> Finding? {
        var system = statvfs()
        guard statvfs(place, &system) == 0 else { return nil }
        let free = Double(system.f_bavail) * Double(system.f_frsize)
        let nodes = system.f_files == 0 ? Double.infinity : Double(system.f_favail)
        return Self.room(name, path, free: free, nodes: nodes, isState: isState)
    }

    static func room(
        _ name: String, _ path: String, free: Double, nodes: Double, isState: Bool
    ) -> Finding {
        let sentence = "\(path): \(free.bytes) free"
        if nodes < 1_000 {
            return .error(
                name, sentence + ", but only \(Int(nodes)) inodes",
                remedy: "remove small files there, or name another directory")
        }
        if free < 100e6 {
            return .error(
                name, sentence, remedy: "free space, or name another directory; a job that cannot "
                    + "write waits or fails")
        }
        guard free < 2e9 else { return .ok(name, sentence) }
        return .warning(
            name, sentence,
            remedy: isState
                ? "leave room for twice the parameters of each job and for expanded corpora"
                : "leave room for four bytes a word of the corpus; TMPDIR or --cache name another "
                    + "place")
    }

    private func kind(_ place: String) -> Finding? {
        guard isState, let real = realpath(place, nil) else { return nil }
        defer { free(real) }
        let mounts = SystemFiles().text("/proc/self/mountinfo") ?? ""
        return Self.kind(name, path, type: Self.fileSystem(of: String(cString: real), mounts))
    }

    /// The type of the file system that holds `path`, as mountinfo (proc(5)) has it.
    static func fileSystem(of path: String, _ mounts: String) -> String? {
        var best: (point: String, type: String)?
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ").map(String.init)
            guard let dash = fields.firstIndex(of: "-"), dash > 4, fields.count > dash + 1 else {
                continue
            }
            let point = fields[4]
            let isAbove = point == "/" || path == point || path.hasPrefix(point + "/")
            // A later mount hides an earlier one at the same place.
            guard isAbove, point.count >= best?.point.count ?? 0 else { continue }
            best = (point, fields[dash + 1])
        }
        return best?.type
    }

    private static let remote: Set<String> = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "ceph", "9p", "afs", "gpfs", "beegfs",
        "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs",
    ]

    static func kind(_ name: String, _ path: String, type: String?) -> Finding? {
        guard let type else { return nil }
        if remote.contains(type) {
            return .error(
                name, "\(path) is on a network file system (\(type)), whose locks and flushes the "
                    + "journal cannot rely on", remedy: "keep the state on a local disk")
        }
        guard type == "tmpfs" || type == "ramfs" else { return nil }
        return .warning(
            name, "\(path) is in memory (\(type)): what is acknowledged there does not survive a "
                + "loss of power", remedy: "keep the state on a local disk")
    }
}
