// What a file is now: its absolute path, size and time of change, so that a later change is seen.

import Glibc
public import Protocol

extension InputFile {
    /// - Throws: a `Fault` with code `input` naming the file and what to do.
    public init(reading path: String) throws(Fault) {
        guard let absolute = realpath(path, nil) else { throw Self.fault(path) }
        defer { free(absolute) }
        var status = stat()
        guard stat(absolute, &status) == 0 else { throw Self.fault(path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw Fault(.input, "\(path) is not a regular file; name a text file")
        }
        guard access(absolute, R_OK) == 0 else { throw Self.fault(path) }
        let changed = status.st_mtim
        self.init(
            path: String(cString: absolute), size: Int(status.st_size),
            modifiedNanoseconds: Int64(changed.tv_sec) * 1_000_000_000 + Int64(changed.tv_nsec))
    }

    private static func fault(_ path: String) -> Fault {
        let reason = String(cString: strerror(errno))
        return Fault(.input, "cannot read \(path): \(reason); check the path and its permissions")
    }
}
