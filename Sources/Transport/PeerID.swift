// Who sent a message, as the receiving socket names its connections.

/// One connection to a ROUTER: the five bytes that the library chose for it. A peer that
/// reconnects is another `PeerID`; what stays is the name in its HELLO.
public struct PeerID: Hashable, Sendable, CustomStringConvertible {
    private let number: UInt32

    /// The id on the wire is a zero byte and four of a number. Anything else was chosen by the
    /// peer itself, and a chosen id can be somebody else's: it is refused.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 5, bytes[0] == 0 else { return nil }
        number = bytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self)
    }

    func withBytes<T>(_ body: (UnsafeRawBufferPointer) -> T) -> T {
        withUnsafeTemporaryAllocation(byteCount: 5, alignment: 1) { bytes in
            bytes[0] = 0
            bytes.storeBytes(of: number, toByteOffset: 1, as: UInt32.self)
            return body(UnsafeRawBufferPointer(bytes))
        }
    }

    public var description: String { "peer \(String(UInt32(bigEndian: number), radix: 16))" }
}
