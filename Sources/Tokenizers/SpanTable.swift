// A hash table from byte strings to numbers, in flat memory.

/// Byte strings, each with a number; built once, then only read.
///
/// A slot holds the upper half of a hash and the place of an entry, so that a string that is not
/// there costs one look at memory. The seed differs per table: no file can aim at collisions.
struct SpanTable: ~Copyable, @unchecked Sendable {
    private var slots: UnsafeMutablePointer<UInt64>
    private var mask: Int
    private var text: Growing<UInt8>
    private var ends: Growing<UInt32>
    private var numbers: Growing<Int32>
    private let seed = UInt64.random(in: 0 ... .max)
    private(set) var longest = 0

    init(capacity: Int = 16) {
        var size = 32
        while size < 2 * capacity { size *= 2 }
        mask = size - 1
        slots = .allocate(capacity: size)
        slots.initialize(repeating: 0, count: size)
        text = Growing(capacity: 8 * capacity)
        ends = Growing(capacity: capacity + 1)
        numbers = Growing(capacity: capacity)
        ends.append(0)
    }

    deinit { slots.deallocate() }

    var count: Int { numbers.count }

    /// The string of an entry, in the order of insertion.
    @inline(__always)
    func key(_ entry: Int) -> Bytes {
        let from = Int(ends[entry])
        return Bytes(start: UnsafePointer(text.start) + from, count: Int(ends[entry + 1]) - from)
    }

    @inline(__always)
    func number(_ entry: Int) -> Int32 { numbers[entry] }

    /// The entry of a string, -1 if it has none.
    @inline(__always)
    func entry(_ key: Bytes) -> Int {
        let hash = key.hash(seed)
        var place = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = slots[place]
            if slot == 0 { return -1 }
            if (slot ^ hash) >> 32 == 0 {
                let entry = Int(truncatingIfNeeded: slot & 0xffff_ffff) - 1
                if self.key(entry).equals(key) { return entry }
            }
            place = (place + 1) & mask
        }
    }

    /// The number of a string, -1 if it is not there.
    @inline(__always)
    func find(_ key: Bytes) -> Int32 {
        let entry = entry(key)
        return entry < 0 ? -1 : numbers[entry]
    }

    /// Adds a string, or gives it another number. The strings of a table have less than 4 GiB.
    mutating func insert(_ key: Bytes, _ number: Int32) {
        let known = entry(key)
        if known >= 0 {
            numbers[known] = number
            return
        }
        if 2 * (count + 1) > mask { enlarge() }
        text.append(key)
        ends.append(UInt32(truncatingIfNeeded: text.count))
        numbers.append(number)
        longest = max(longest, key.count)
        place(count - 1)
    }

    private mutating func place(_ entry: Int) {
        let hash = key(entry).hash(seed)
        var place = Int(truncatingIfNeeded: hash) & mask
        while slots[place] != 0 { place = (place + 1) & mask }
        slots[place] = hash & 0xffff_ffff_0000_0000 | UInt64(entry + 1)
    }

    private mutating func enlarge() {
        let size = 2 * (mask + 1)
        slots.deallocate()
        slots = .allocate(capacity: size)
        slots.initialize(repeating: 0, count: size)
        mask = size - 1
        for entry in 0..<count { place(entry) }
    }
}
