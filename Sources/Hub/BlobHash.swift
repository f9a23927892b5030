// The hash that names a blob, and how it is computed.

import Crypto

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
struct BlobHasher {
    private var sha256: SHA256?
    private var sha1: Insecure.SHA1?

    /// - size: of the whole file, which git puts before its bytes.
    init(like hash: BlobHash, size: Int) {
        if hash.isSHA256 {
            sha256 = SHA256()
        } else {
            var hasher = Insecure.SHA1()
            hasher.update(data: Array("blob \(size)\0".utf8))
            sha1 = hasher
        }
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        sha256?.update(bufferPointer: bytes)
        sha1?.update(bufferPointer: bytes)
    }

    func text() -> String {
        if let sha256 { return Self.hex(sha256.finalize()) }
        if let sha1 { return Self.hex(sha1.finalize()) }
        return ""
    }

    private static func hex(_ digest: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let text = digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}
