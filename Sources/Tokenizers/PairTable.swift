// A hash table from pairs of numbers to pairs of numbers, in flat memory.

/// Pairs of non-negative numbers below 2^31; built once, then only read.
struct PairTable: ~Copyable, @unchecked Sendable {
    private struct Slot {
        var key: UInt64
        var first: Int32
        var second: Int32
    }

    private static let vacant = UInt64.max

    private var slots: UnsafeMutablePointer<Slot>
    private var mask: Int
    private(set) var count = 0
    private let seed = UInt64.random(in: 0 ... .max)

    init(capacity: Int = 16) {
        var size = 32
        while size < 2 * capacity { size *= 2 }
        mask = size - 1
        slots = Self.allocate(size)
    }

    deinit { slots.deallocate() }

    private static func allocate(_ size: Int) -> UnsafeMutablePointer<Slot> {
        let slots = UnsafeMutablePointer<Slot>.allocate(capacity: size)
        slots.initialize(repeating: Slot(key: vacant, first: 0, second: 0), count: size)
        return slots
    }

    @inline(__always)
    private func place(_ key: UInt64) -> Int {
        var place = Int(truncatingIfNeeded: Bytes.mixed(key ^ seed)) & mask
        while slots[place].key != key, slots[place].key != Self.vacant {
            place = (place + 1) & mask
        }
        return place
    }

    /// What belongs to the pair; both are -1 if nothing does.
    @inline(__always)
    func find(_ left: Int32, _ right: Int32) -> (first: Int32, second: Int32) {
        let key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
        let slot = slots[place(key)]
        return slot.key == key ? (slot.first, slot.second) : (-1, -1)
    }

    /// Adds a pair, or replaces what belongs to it.
    mutating func insert(_ left: Int32, _ right: Int32, _ first: Int32, _ second: Int32) {
        if 2 * (count + 1) > mask { enlarge() }
        let key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
        let place = place(key)
        if slots[place].key == Self.vacant { count += 1 }
        slots[place] = Slot(key: key, first: first, second: second)
    }

    private mutating func enlarge() {
        let (old, oldSize) = (slots, mask + 1)
        slots = Self.allocate(2 * oldSize)
        mask = 2 * oldSize - 1
        for index in 0..<oldSize where old[index].key != Self.vacant {
            slots[place(old[index].key)] = old[index]
        }
        old.deallocate()
    }
}
