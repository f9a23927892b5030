// The SHA-1 by which git names a file, of bytes that come in pieces.

import Crypto

/// FIPS 180-4, section 6.1, of "blob", the size, a zero byte and the file. It tells files apart; it
/// does not keep out somebody who makes two files of one hash.
public struct GitBlobStream {
    private var hash = Insecure.SHA1()

    /// - size: bytes of the whole file, which go into the hash before its own.
    public init(size: Int) { hash.update(data: Array("blob \(size)\0".utf8)) }

    public mutating func add(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

    /// 40 lower-case hexadecimal digits; of all bytes so far.
    public var digest: String { hexadecimal(hash.finalize()) }
}

/// Two lower-case digits for each byte.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    return String(decoding: text, as: UTF8.self)
}
