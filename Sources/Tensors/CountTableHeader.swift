// The fixed part of a payload of counts, checked against the payload's length.

import Glibc

struct CountTableHeader {
    var order = CountTable.Order.key
    var entries = 0
    var keyBytes = 0
    var total: UInt64 = 0
    var tallies = [UInt64](repeating: 0, count: CountTable.tallyCount)

    static let version: UInt64 = 1

    var offsetWidth = 4

    init(order: CountTable.Order, entries: Int, keyBytes: Int, total: UInt64, tallies: [UInt64]) {
        precondition(tallies.count == CountTable.tallyCount, "\(tallies.count) tallies")
        self.order = order
        self.entries = entries
        self.keyBytes = keyBytes
        self.total = total
        self.tallies = tallies
        offsetWidth = keyBytes <= UInt32.max ? 4 : 8
    }

    init(_ payload: UnsafeRawBufferPointer) throws(CountTableError) {
        guard payload.count >= CountTable.headerBytes else {
            throw .malformed(reason: "\(payload.count) bytes are less than a header")
        }
        func word(_ index: Int) -> UInt64 {
            payload.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)
        }
        guard word(0) == CountTable.magic else { throw .malformed(reason: "no magic number") }
        guard word(1) == Self.version else {
            throw .malformed(reason: "version \(word(1)) where \(Self.version) is understood")
        }
        guard let order = CountTable.Order(rawValue: word(2)) else {
            throw .malformed(reason: "unknown order \(word(2))")
        }
        guard word(5) == 4 || word(5) == 8 else {
            throw .malformed(reason: "offsets of \(word(5)) bytes")
        }
        // Each entry takes at least its count, so this also keeps the sizes below from overflowing.
        let limit = UInt64(payload.count)
        guard word(3) <= limit / 8, word(4) <= limit else {
            throw .malformed(reason: "\(word(3)) entries in a payload of \(limit) bytes")
        }
        self.init(
            order: order, entries: Int(word(3)), keyBytes: Int(word(4)), total: word(6),
            tallies: (7 ..< 11).map(word))
        offsetWidth = Int(word(5))
        guard payloadBytes == payload.count else {
            throw .malformed(reason: "\(payload.count) bytes where \(payloadBytes) are announced")
        }
    }

    /// Size of the whole payload.
    var payloadBytes: Int {
        CountTable.headerBytes + 8 * entries + offsetWidth * (entries + 1) + keyBytes
    }

    /// The header's twelve numbers.
    var words: [UInt64] {
        [
            CountTable.magic, Self.version, order.rawValue, UInt64(entries), UInt64(keyBytes),
            UInt64(offsetWidth), total,
        ] + tallies + [0]
    }
}

/// Whether `left` is strictly before `right` in the order of unsigned bytes.
@inline(__always)
func bytesPrecede(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    let common = min(left.count, right.count)
    guard common > 0, let a = left.baseAddress, let b = right.baseAddress else {
        return left.count < right.count
    }
    let order = memcmp(a, b, common)
    return order != 0 ? order < 0 : left.count < right.count
}
