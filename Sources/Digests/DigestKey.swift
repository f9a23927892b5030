// A short fixed-size name for bytes, where comparing the bytes themselves would need all of them.

import CCrypto

/// The first 128 bits of SHA-256 (FIPS 180-4, section 6.2). Nobody knows two texts that share them:
/// by chance alone it takes about 2^64 texts, so equal keys are taken for equal bytes.
public struct DigestKey: Sendable, Hashable {
    public let high: UInt64
    public let low: UInt64

    public init(of bytes: UnsafeRawBufferPointer) {
        var digest: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        let made = withUnsafeMutableBytes(of: &digest) { digest in
            EVP_Digest(
                bytes.baseAddress, bytes.count,
                digest.baseAddress?.assumingMemoryBound(to: UInt8.self), nil, EVP_sha256(), nil)
        }
        precondition(made == 1, "libcrypto refuses to hash")
        high = UInt64(bigEndian: digest.0)
        low = UInt64(bigEndian: digest.1)
    }
}
