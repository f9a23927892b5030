// SHA-256 of bytes that come in pieces, for what must be known again elsewhere and years later.

import Crypto

/// FIPS 180-4, section 6.2. Everything in between our own processes is guarded by XXH3-64 instead,
/// which is many times faster (docs/decisions/0001-checksums-instead-of-sha-256.md).
public struct SHA256Stream {
    private var hash = SHA256()

    public init() {}

    public mutating func add(_ bytes: UnsafeRawBufferPointer) {
        hash.update(bufferPointer: bytes)
    }

    public mutating func add(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { add($0) }
    }

    /// 64 lower-case hexadecimal digits; of all bytes so far.
    public var digest: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in hash.finalize() { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}
