// How often each key occurs, as one contiguous payload that can be read in place.

/// An immutable view of a payload of keyed counts. Whoever merges tables need not know what the
/// keys mean.
///
/// Layout, little-endian, version 1: a header of twelve UInt64 —
/// magic, version, order (0 by key, 1 by rank), entries, key bytes, offset width (4 or 8), total of
/// counts, four tallies, 0 — then `UInt64 counts[entries]`, offsets (entries + 1 of UInt32 or
/// UInt64), and the bytes of the keys. Tallies are sums that travel along; the producer gives them
/// meaning.
///
/// The memory stays owned by `owner`; views are cheap to copy and may be read on any thread.
public struct CountTable: Sendable {
    public enum Order: UInt64, Sendable {
        /// Keys strictly ascending by bytes: what is counted and merged.
        case key = 0
        /// Counts descending, equal counts ascending by bytes: a vocabulary.
        case rank = 1
    }

    static let magic: UInt64 = 0x5354_4e43_4e44_4e53  // "SNDNCNTS"
    static let headerBytes = 96
    public static let tallyCount = 4

    public let order: Order
    /// Number of keys.
    public let entries: Int
    /// Sum of all counts.
    public let total: UInt64
    /// Four sums beside the counts, added up by merging.
    public let tallies: [UInt64]
    /// Valid as long as this table, or a copy of it, lives.
    nonisolated(unsafe) let payload: UnsafeRawBufferPointer
    private let owner: any AnyObject & Sendable
    private let offsetWidth: Int
    private nonisolated(unsafe) let counts: UnsafeRawPointer
    private nonisolated(unsafe) let offsets: UnsafeRawPointer
    private nonisolated(unsafe) let keys: UnsafeRawPointer

    /// Checks everything about untrusted bytes: sizes, offsets, the order, the total.
    ///
    /// - Parameters:
    ///   - payload: any alignment, read in place.
    ///   - owner: what keeps `payload` alive.
    /// - Throws: `.malformed`.
    public init(
        payload: UnsafeRawBufferPointer, owner: any AnyObject & Sendable
    ) throws(CountTableError) {
        let header = try CountTableHeader(payload)
        self.payload = payload
        self.owner = owner
        order = header.order
        entries = header.entries
        total = header.total
        tallies = header.tallies
        offsetWidth = header.offsetWidth
        counts = payload.baseAddress! + Self.headerBytes
        offsets = counts + 8 * entries
        keys = offsets + offsetWidth * (entries + 1)
        try validate(keyBytes: header.keyBytes)
    }

    /// A table over its own copy of `payload`.
    ///
    /// - Throws: `.malformed`, `.outOfMemory`.
    public init(copying payload: UnsafeRawBufferPointer) throws(CountTableError) {
        let copy: AlignedBuffer
        do {
            copy = try AlignedBuffer(byteCount: payload.count)
        } catch {
            throw .outOfMemory(byteCount: payload.count)
        }
        if let source = payload.baseAddress {
            copy.baseAddress.copyMemory(from: source, byteCount: payload.count)
        }
        try self.init(
            payload: UnsafeRawBufferPointer(start: copy.baseAddress, count: payload.count),
            owner: copy)
    }

    public init(_ bytes: [UInt8]) throws(CountTableError) {
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(CountTableError) in try CountTable(copying: raw) }
        }
        self = try result.get()
    }

    /// How often entry `index` occurs.
    public func count(at index: Int) -> UInt64 {
        precondition(index >= 0 && index < entries, "entry \(index) of \(entries)")
        return counts.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)
    }

    /// Lends the whole payload, to be sent or stored.
    public func withPayload<Value, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        defer { withExtendedLifetime(owner) {} }
        return try body(payload)
    }

    /// Lends the bytes of key `index`.
    public func withKey<Value, Failure: Error>(
        at index: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        defer { withExtendedLifetime(owner) {} }
        return try body(key(at: index))
    }

    /// The bytes of key `index`, in place, as long as the table lives.
    func key(at index: Int) -> UnsafeRawBufferPointer {
        precondition(index >= 0 && index < entries, "entry \(index) of \(entries)")
        let start = offset(at: index)
        return UnsafeRawBufferPointer(start: keys + start, count: offset(at: index + 1) - start)
    }

    /// Bytes of all keys together.
    public var keyBytes: Int { offset(at: entries) }

    @inline(__always)
    private func offset(at index: Int) -> Int {
        offsetWidth == 4
            ? Int(offsets.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
            : Int(
                truncatingIfNeeded: offsets.loadUnaligned(
                    fromByteOffset: 8 * index, as: UInt64.self))
    }

    private func validate(keyBytes: Int) throws(CountTableError) {
        guard offset(at: 0) == 0, offset(at: entries) == keyBytes else {
            throw .malformed(reason: "the offsets do not span the \(keyBytes) bytes of keys")
        }
        var sum: UInt64 = 0
        for index in 0 ..< entries {
            let start = offset(at: index), end = offset(at: index + 1)
            guard start >= 0, start < end, end <= keyBytes else {
                throw .malformed(reason: "key \(index) spans bytes \(start) to \(end)")
            }
            let (next, overflow) = sum.addingReportingOverflow(count(at: index))
            guard !overflow, count(at: index) > 0 else {
                throw .malformed(reason: "key \(index) has the count \(count(at: index))")
            }
            sum = next
            guard index == 0 || isAscending(at: index) else {
                throw .malformed(reason: "key \(index) is out of order")
            }
        }
        guard sum == total else {
            throw .malformed(reason: "the counts sum to \(sum), not to \(total)")
        }
    }

    private func isAscending(at index: Int) -> Bool {
        if order == .rank, count(at: index - 1) != count(at: index) {
            return count(at: index - 1) > count(at: index)
        }
        return bytesPrecede(key(at: index - 1), key(at: index))
    }
}
