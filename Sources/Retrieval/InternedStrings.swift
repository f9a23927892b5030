// Byte strings numbered in the order in which they first appear.

/// A hash table whose strings lie side by side in one array: about 30 bytes for each string beside
/// its own. The hash has a seed of this process, so that nobody can choose strings that collide.
struct InternedStrings: Sendable {
    private var bytes: [UInt8] = []
    /// `ends[n]` is where string `n - 1` ends and string `n` begins.
    private var ends: [Int] = [0]
    /// The hash of a string in the high half, its number + 1 in the low half; or 0.
    private var slots: [UInt64]
    private let seed = Self.processSeed
    private static let processSeed = UInt64.random(in: 0 ... .max)

    /// The most strings that are numbered, so that a number fits 32 bits.
    static let countMax = Int(UInt32.max) - 1

    init() { slots = [UInt64](repeating: 0, count: 64) }

    var count: Int { ends.count - 1 }
    /// About what it holds in memory.
    var byteCount: Int { bytes.count + 8 * ends.count + 8 * slots.count }

    /// Where string `number` lies; `withBytes` gives the bytes.
    func range(_ number: Int) -> Range<Int> { ends[number]..<ends[number + 1] }

    func withBytes<Value>(
        of number: Int, _ body: (UnsafeRawBufferPointer) -> Value
    ) -> Value {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range(number)])) }
    }

    func withAllBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        bytes.withUnsafeBytes(body)
    }

    func string(_ number: Int) -> String {
        String(decoding: bytes[range(number)], as: UTF8.self)
    }

    func number(of key: UnsafeRawBufferPointer) -> Int? {
        let slot = slot(of: key, hash: hash(key))
        return slots[slot] == 0 ? nil : Self.number(slots[slot])
    }

    func number(of key: String) -> Int? {
        var key = key
        return key.withUTF8 { number(of: UnsafeRawBufferPointer($0)) }
    }

    /// The number of `key`, which is the earlier `count` if it is new.
    mutating func intern(_ key: UnsafeRawBufferPointer) -> Int {
        let hash = hash(key)
        let slot = slot(of: key, hash: hash)
        if slots[slot] != 0 { return Self.number(slots[slot]) }
        precondition(count < Self.countMax, "\(count) strings are too many for one table")
        bytes.append(contentsOf: key)
        ends.append(bytes.count)
        slots[slot] = UInt64(hash) << 32 | UInt64(count)
        if 2 * count > slots.count { grow() }
        return count - 1
    }

    private static func number(_ slot: UInt64) -> Int {
        Int(UInt32(truncatingIfNeeded: slot)) - 1
    }

    private func slot(of key: UnsafeRawBufferPointer, hash: UInt32) -> Int {
        let mask = slots.count - 1
        var slot = Int(hash) & mask
        while slots[slot] != 0 {
            let known = slots[slot]
            if known >> 32 == UInt64(hash), isEqual(Self.number(known), key) { return slot }
            slot = (slot + 1) & mask
        }
        return slot
    }

    private func isEqual(_ number: Int, _ key: UnsafeRawBufferPointer) -> Bool {
        let range = range(number)
        guard range.count == key.count else { return false }
        return bytes.withUnsafeBytes { own in
            var left = range.lowerBound
            var right = 0
            while right + 8 <= key.count {
                guard
                    own.loadUnaligned(fromByteOffset: left, as: UInt64.self)
                        == key.loadUnaligned(fromByteOffset: right, as: UInt64.self)
                else { return false }
                left += 8
                right += 8
            }
            while right < key.count {
                guard own[left] == key[right] else { return false }
                left += 1
                right += 1
            }
            return true
        }
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: 0, count: old.count * 2)
        let mask = slots.count - 1
        for known in old where known != 0 {
            var slot = Int(known >> 32) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = known
        }
    }

    /// Eight bytes at a time, folded by a wide product.
    private func hash(_ key: UnsafeRawBufferPointer) -> UInt32 {
        var state = seed ^ UInt64(truncatingIfNeeded: key.count)
        var offset = 0
        while offset + 8 <= key.count {
            state = fold(state ^ key.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        var tail: UInt64 = 0
        while offset < key.count {
            tail = tail << 8 | UInt64(key[offset])
            offset += 1
        }
        state = fold(state ^ tail)
        return UInt32(truncatingIfNeeded: state >> 32)
    }

    private func fold(_ value: UInt64) -> UInt64 {
        let product = (value ^ seed).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low
    }
}
