// What is going to happen, by time: a wheel with one slot for each of the next milliseconds.

/// Adding and taking cost the same however many things wait. Things of the same millisecond happen
/// in the order in which they were added.
struct Agenda<What> {
    private struct Entry {
        var at: Int64
        var next: Int32
        var what: What
    }

    private static var slots: Int { 1 << 14 }
    private static var mask: Int64 { Int64(slots - 1) }
    private static var none: Int32 { -1 }

    private var entries: [Entry] = []
    private var free: Int32 = -1
    private var heads = [Int32](repeating: -1, count: Agenda.slots)
    private var tails = [Int32](repeating: -1, count: Agenda.slots)
    /// One bit for each slot that is not empty.
    private var used = [UInt64](repeating: 0, count: Agenda.slots / 64)
    private(set) var count = 0
    private(set) var now: Int64 = 0

    /// What would have to happen in the past happens now.
    mutating func add(_ what: What, at moment: Int64) {
        let at = max(moment, now)
        let slot = Int(at & Self.mask)
        let index: Int32
        if free != Self.none {
            index = free
            free = entries[Int(index)].next
            entries[Int(index)] = Entry(at: at, next: Self.none, what: what)
        } else {
            index = Int32(entries.count)
            entries.append(Entry(at: at, next: Self.none, what: what))
        }
        if heads[slot] == Self.none {
            heads[slot] = index
            used[slot >> 6] |= 1 << UInt64(slot & 63)
        } else {
            entries[Int(tails[slot])].next = index
        }
        tails[slot] = index
        count += 1
    }

    /// Takes what happens next and moves the time there.
    mutating func next() -> What? {
        while count > 0 {
            let slot = Int(now & Self.mask)
            if let what = takeDue(from: slot) { return what }
            advance()
        }
        return nil
    }

    /// Entries of later turns of the wheel stay.
    private mutating func takeDue(from slot: Int) -> What? {
        var before = Self.none
        var index = heads[slot]
        while index != Self.none {
            let entry = entries[Int(index)]
            if entry.at == now {
                unlink(index, after: before, in: slot, next: entry.next)
                return entry.what
            }
            before = index
            index = entry.next
        }
        return nil
    }

    private mutating func unlink(
        _ index: Int32, after before: Int32, in slot: Int, next: Int32
    ) {
        if before == Self.none { heads[slot] = next } else { entries[Int(before)].next = next }
        if tails[slot] == index { tails[slot] = before }
        if heads[slot] == Self.none { used[slot >> 6] &= ~(1 << UInt64(slot & 63)) }
        entries[Int(index)].next = free
        free = index
        count -= 1
    }

    /// To the next slot that is not empty, which may hold later turns only.
    private mutating func advance() {
        now += 1
        var slot = Int(now & Self.mask)
        while true {
            let word = used[slot >> 6] >> UInt64(slot & 63)
            if word != 0 {
                now += Int64(word.trailingZeroBitCount)
                return
            }
            let step = 64 - (slot & 63)
            now += Int64(step)
            slot = (slot + step) & Int(Self.mask)
        }
    }
}

/// Values that are named by small numbers until they are taken out.
struct Slab<Value> {
    private var values: [Value?] = []
    private var free: [Int32] = []

    mutating func put(_ value: Value) -> Int32 {
        if let index = free.popLast() {
            values[Int(index)] = value
            return index
        }
        values.append(value)
        return Int32(values.count - 1)
    }

    mutating func take(_ index: Int32) -> Value? {
        let value = values[Int(index)]
        if value != nil {
            values[Int(index)] = nil
            free.append(index)
        }
        return value
    }
}
