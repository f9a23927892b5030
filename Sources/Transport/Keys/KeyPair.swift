// Keys of CurveZMQ: 32 bytes each, written as 40 characters of Z85 (ZeroMQ RFC 32).

import CZeroMQ
import Glibc
public import Protocol

/// Says who somebody is. Not a secret.
public struct PublicKey: Hashable, Sendable, CustomStringConvertible {
    /// Characters of a key as text.
    public static let textBytes = 40

    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Nil unless `text` is 40 characters of Z85.
    public init?(_ text: String) {
        guard text.utf8.count == Self.textBytes, let key = text.withCString(Self.init(z85:)) else {
            return nil
        }
        self = key
    }

    /// From the library's own strings, a message's sender: no copy is made on the way.
    init?(z85 text: UnsafePointer<CChar>) {
        guard strlen(text) == Self.textBytes else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        let isKey = withUnsafeMutableBytes(of: &words) { bytes in
            zmq_z85_decode(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), text) != nil
        }
        guard isKey else { return nil }
        self.words = words
    }

    /// From the 32 bytes themselves.
    init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
        self.words = words
    }

    public var description: String {
        var text = [CChar](repeating: 0, count: Self.textBytes + 1)
        withUnsafeBytes(of: words) { bytes in
            _ = zmq_z85_encode(&text, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), 32)
        }
        return String(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    public static func == (left: Self, right: Self) -> Bool { left.words == right.words }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}

/// Proves who somebody is. Its text goes into a key file and nowhere else.
public struct SecretKey: Sendable, Equatable, CustomStringConvertible {
    let text: String

    /// Nil unless `text` is 40 characters of Z85.
    init?(_ text: String) {
        guard PublicKey(text) != nil else { return nil }
        self.text = text
    }

    /// Logs and error messages may show this.
    public var description: String { "a secret key" }

    /// The public key that belongs to it.
    var publicKey: PublicKey? {
        var open = [CChar](repeating: 0, count: PublicKey.textBytes + 1)
        return zmq_curve_public(&open, text) == 0 ? PublicKey(z85: open) : nil
    }
}

/// A secret and the public key that belongs to it.
public struct KeyPair: Sendable, Equatable {
    public let publicKey: PublicKey
    public let secretKey: SecretKey

    /// - Throws: `.configuration` if the messaging library was built without CURVE.
    public static func generate() throws(Fault) -> KeyPair {
        var open = [CChar](repeating: 0, count: PublicKey.textBytes + 1)
        var hidden = open
        guard zmq_curve_keypair(&open, &hidden) == 0,
            let publicKey = PublicKey(z85: open),
            let secretKey = SecretKey(
                String(decoding: hidden.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
        else {
            throw Fault(
                .configuration,
                "no key can be made: libzmq was built without CURVE; install one with libsodium")
        }
        return KeyPair(publicKey: publicKey, secretKey: secretKey)
    }
}
