// Files in memory, for parsers that want a path.

import Glibc

/// A file that exists only as a descriptor of this process.
final class MemoryFile {
    private let descriptor: Int32

    init(_ bytes: some Collection<UInt8>) {
        var template = Array("/dev/shm/sounder-fuzz-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        unlink(template)
        let written = Array(bytes).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        precondition(written == bytes.count, "a file in memory takes \(bytes.count) bytes")
    }

    /// Opens the file as long as this object lives, so only in here.
    func withPath<Value>(_ body: (String) -> Value) -> Value {
        defer { withExtendedLifetime(self) {} }
        return body("/proc/self/fd/\(descriptor)")
    }

    deinit { close(descriptor) }
}

/// A directory in memory for parsers that write, or want neighbours.
enum MemoryDirectory {
    static let path = "/dev/shm/sounder-fuzz-\(getpid())"

    static func write(_ bytes: some Collection<UInt8>, to name: String) -> String {
        make()
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        let written = Array(bytes).withUnsafeBytes {
            Glibc.write(descriptor, $0.baseAddress, $0.count)
        }
        precondition(written == bytes.count, "\(file) takes \(bytes.count) bytes")
        return file
    }

    static func make() { mkdir(path, 0o700) }

    static func remove(_ name: String) { unlink("\(path)/\(name)") }

    /// An empty directory of that name.
    static func folder(_ name: String) -> String {
        make()
        removeFolder(name)
        mkdir("\(path)/\(name)", 0o700)
        return "\(path)/\(name)"
    }

    /// Of files alone.
    static func removeFolder(_ name: String) {
        guard let folder = opendir("\(path)/\(name)") else { return }
        while let entry = readdir(folder) {
            let file = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            unlink("\(path)/\(name)/\(file)")
        }
        closedir(folder)
        rmdir("\(path)/\(name)")
    }
}

extension FuzzTarget {
    /// Removes what the targets keep in memory while the process runs.
    public static func removeFiles() {
        for name in ["out", "v.npy", "v.vocab", "authorized"] { MemoryDirectory.remove(name) }
        rmdir(MemoryDirectory.path)
    }
}

extension UnsafeRawBufferPointer {
    /// Parts between bytes 0xff, which no text has: at most `count`, the last one with the rest.
    func parts(_ count: Int) -> [[UInt8]] {
        split(separator: 0xff, maxSplits: count - 1, omittingEmptySubsequences: false)
            .map { [UInt8]($0) }
    }
}
