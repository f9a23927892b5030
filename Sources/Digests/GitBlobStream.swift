// The SHA-1 by which git names a file, of bytes that come in pieces.

import CCrypto

/// FIPS 180-4, section 6.1, of "blob", the size, a zero byte and the file. It tells files apart; it
/// does not keep out somebody who makes two files of one hash.
public struct GitBlobStream {
    private var state = DigestState(EVP_sha1())

    /// - size: bytes of the whole file, which go into the hash before its own.
    public init(size: Int) { Array("blob \(size)\0".utf8).withUnsafeBytes { state.add($0) } }

    public mutating func add(_ bytes: UnsafeRawBufferPointer) { state.add(bytes) }

    /// 40 lower-case hexadecimal digits; of all bytes so far.
    public var digest: String { state.hexadecimal }
}
