// The digests that a manifest records, computed by whoever owns the hash function.

import Files

/// A hash over bytes that come in pieces; its text stands in manifests. In a real index that is
/// SHA-256 in lower-case hexadecimal digits.
public protocol ByteDigest {
    mutating func add(_ bytes: UnsafeRawBufferPointer)
    /// Of all bytes so far.
    var digest: String { get }
}

/// Makes an empty digest.
public typealias NewDigest = @Sendable () -> any ByteDigest

extension IndexManifest.FileEntry {
    /// Describes a file of the directory as it is.
    ///
    /// - Throws: `.file`.
    static func describe(
        _ file: String, in directory: String, _ new: NewDigest
    ) throws(IndexError) -> IndexManifest.FileEntry {
        let mapped = try wrapping { () throws(FileError) in
            try MappedFile(path: "\(directory)/\(file)")
        }
        mapped.willReadSequentially()
        var digest = new()
        let piece = 4 << 20
        for begin in stride(from: 0, to: mapped.bytes.count, by: piece) {
            let end = min(begin + piece, mapped.bytes.count)
            digest.add(UnsafeRawBufferPointer(rebasing: mapped.bytes[begin..<end]))
        }
        return withExtendedLifetime(mapped) {
            IndexManifest.FileEntry(
                file: file, bytes: mapped.bytes.count, sha256: digest.digest)
        }
    }

    /// - Throws: `.damaged` naming the file when its size or digest differ.
    func verify(in directory: String, _ new: NewDigest) throws(IndexError) {
        let found = try Self.describe(file, in: directory, new)
        let path = "\(directory)/\(file)"
        guard found.bytes == bytes else {
            throw .damaged(
                path: path, found: "\(found.bytes) bytes", expected: "\(bytes) bytes")
        }
        guard found.sha256 == sha256 else {
            throw .damaged(path: path, found: found.sha256, expected: sha256)
        }
    }
}
