// Immutable bytes with an owner, so that a tensor travels from socket to matrix without a copy.

/// One frame of a message: bytes that nobody changes, kept alive by whoever owns them (an array,
/// a mapping, a buffer of the messaging library).
public struct Frame: Sendable {
    /// Keeps the bytes alive; runs `release` once, on whatever thread drops the last reference.
    private final class Owner: @unchecked Sendable {
        let bytes: UnsafeRawBufferPointer
        let release: @Sendable (UnsafeRawBufferPointer) -> Void

        init(
            _ bytes: UnsafeRawBufferPointer,
            release: @escaping @Sendable (UnsafeRawBufferPointer) -> Void
        ) {
            self.bytes = bytes
            self.release = release
        }

        deinit { release(bytes) }
    }

    private let owner: Owner
    private let range: Range<Int>

    public static let empty = Frame([UInt8]())

    /// Copies `array` once.
    public init(_ array: some Collection<UInt8>) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: array.count, alignment: 16)
        copy.copyBytes(from: array)
        self.init(adopting: copy)
    }

    /// Takes over memory allocated by `UnsafeMutableRawBufferPointer.allocate`.
    public init(adopting memory: UnsafeMutableRawBufferPointer) {
        self.init(UnsafeRawBufferPointer(memory)) { $0.deallocate() }
    }

    /// Bytes that live as long as `release` is not called.
    public init(
        _ bytes: UnsafeRawBufferPointer,
        release: @escaping @Sendable (UnsafeRawBufferPointer) -> Void
    ) {
        owner = Owner(bytes, release: release)
        range = 0..<bytes.count
    }

    private init(owner: Owner, range: Range<Int>) {
        self.owner = owner
        self.range = range
    }

    public var count: Int { range.count }

    /// A part of the same bytes; nothing is copied.
    public func slice(_ part: Range<Int>) -> Frame {
        precondition(
            part.lowerBound >= 0 && part.upperBound <= count, "slice \(part) of \(count) bytes")
        let start = range.lowerBound + part.lowerBound
        return Frame(owner: owner, range: start..<start + part.count)
    }

    /// The pointer is valid for the duration of `body`.
    public func withUnsafeBytes<T, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> T
    ) throws(E) -> T {
        try body(UnsafeRawBufferPointer(rebasing: owner.bytes[range]))
    }

    public var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }
}

extension Frame: Equatable {
    public static func == (left: Frame, right: Frame) -> Bool {
        left.withUnsafeBytes { l in
            right.withUnsafeBytes { r in l.elementsEqual(r) }
        }
    }
}
