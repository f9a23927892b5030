// SHA-256 of bytes that come in pieces, for what must be known again elsewhere and years later.

import CCrypto

/// FIPS 180-4, section 6.2. Everything in between our own processes is guarded by XXH3-64 instead,
/// which is many times faster (docs/decisions/0001-checksums-instead-of-sha-256.md).
public struct SHA256Stream {
    private var state = DigestState(EVP_sha256())

    public init() {}

    public mutating func add(_ bytes: UnsafeRawBufferPointer) { state.add(bytes) }

    public mutating func add(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { add($0) }
    }

    /// 64 lower-case hexadecimal digits; of all bytes so far.
    public var digest: String { state.hexadecimal }
}
