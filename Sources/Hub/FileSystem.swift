// The few things that the cache asks of a file system.

import Files
import Glibc

enum FileSystem {
    /// Names in a directory; none if it cannot be read.
    static func names(in path: String) -> Set<String> {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: Set<String> = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            names.insert(name)
        }
        return names.subtracting([".", ".."])
    }

    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Bytes of a regular file; nil if there is none.
    static func size(of path: String) -> Int? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// Bytes that we may still write where `path` is; nil where nobody says.
    static func bytesFree(at path: String) -> Int? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let (bytes, overflow) = Int(clamping: status.f_bavail)
            .multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
        return overflow ? .max : bytes
    }

    static func linkTarget(_ path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: 1_024)
        let count = readlink(path, &bytes, bytes.count)
        guard count > 0, count < bytes.count else { return nil }
        return String(validating: bytes[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// With all that lead to it.
    static func makeDirectory(_ path: String) throws(HubError) {
        if isDirectory(path) { return }
        let above = parent(of: path)
        if above != path, !isDirectory(above) { try makeDirectory(above) }
        guard mkdir(path, 0o777) == 0 || errno == EEXIST && isDirectory(path) else {
            throw .unwritable(path: path, reason: systemReason())
        }
    }

    static func write(_ text: String, to path: String) throws(HubError) {
        do throws(FileError) {
            let file = try AtomicFile(path: path)
            try file.write(text)
            try file.commit()
        } catch {
            guard case .unwritable(_, let reason) = error else {
                throw .unwritable(path: path, reason: "\(error)")
            }
            throw .unwritable(path: path, reason: reason)
        }
    }

    /// After a rename: a power cut does not take it back.
    static func synchroniseDirectory(_ path: String) {
        guard let folder = try? FileDescriptor(reading: path) else { return }
        fsync(folder.number)
    }
}
