// The hash that names a blob, and how it is computed.

import Digests

/// What a hub gives as ETag: the SHA-256 of a large file, or the SHA-1 by which git names a small
/// one.
struct BlobHash: Sendable, Hashable {
    /// 64 or 40 lower-case hexadecimal digits: safe as the name of a file.
    let text: String

    var isSHA256: Bool { text.utf8.count == 64 }

    /// From a header: quotes and the mark of a weak tag are left out.
    init?(tag: String) {
        var tag = Substring(tag)
        if tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
        if tag.utf8.count > 1, tag.hasPrefix("\""), tag.hasSuffix("\"") {
            tag = tag.dropFirst().dropLast()
        }
        guard [40, 64].contains(tag.utf8.count), tag.utf8.allSatisfy(\.isLowercaseHex) else {
            return nil
        }
        text = String(tag)
    }
}

/// Takes the bytes of a file in order; says at the end what their hash is.
enum BlobHasher {
    case sha256(SHA256Stream)
    case git(GitBlobStream)

    /// - size: of the whole file.
    init(like hash: BlobHash, size: Int) {
        self = hash.isSHA256 ? .sha256(SHA256Stream()) : .git(GitBlobStream(size: size))
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch self {
        case .sha256(var stream):
            stream.add(bytes)
            self = .sha256(stream)
        case .git(var stream):
            stream.add(bytes)
            self = .git(stream)
        }
    }

    var text: String {
        switch self {
        case .sha256(let stream): stream.digest
        case .git(let stream): stream.digest
        }
    }
}
