// A dictionary that is iterated in the order of insertion, so that the same events have the same
// effects in every process.

package struct Table<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private var positions: [Key: Int] = [:]
    private var slots: [Key?] = []
    private var values: [Value?] = []

    package init() {}

    package var count: Int { positions.count }
    package var isEmpty: Bool { positions.isEmpty }

    /// In order of insertion. A copy: the table may change while it is iterated.
    package var keys: [Key] { slots.compactMap { $0 } }

    /// Changes in place; nil removes. A key set again after removal goes to the end.
    package subscript(key: Key) -> Value? {
        get { positions[key].flatMap { values[$0] } }
        _modify {
            if let position = positions[key] {
                yield &values[position]
                if values[position] == nil { remove(key, at: position) }
            } else {
                var value: Value?
                yield &value
                if let value { append(key, value) }
            }
        }
    }

    /// The oldest entry's key.
    package var firstKey: Key? { slots.lazy.compactMap { $0 }.first }

    /// Visits the entries in order of insertion.
    func forEach(_ body: (Key, Value) -> Void) {
        for (position, slot) in slots.enumerated() {
            if let key = slot, let value = values[position] { body(key, value) }
        }
    }

    private mutating func append(_ key: Key, _ value: Value) {
        positions[key] = slots.count
        slots.append(key)
        values.append(value)
    }

    private mutating func remove(_ key: Key, at position: Int) {
        positions[key] = nil
        slots[position] = nil
        if slots.count > 16, slots.count > 2 * positions.count { compact() }
    }

    private mutating func compact() {
        values.removeAll { $0 == nil }
        slots.removeAll { $0 == nil }
        for (position, slot) in slots.enumerated() {
            if let key = slot { positions[key] = position }
        }
    }
}

extension Table {
    /// Changes in place; inserts `fallback` first if there is no value.
    subscript(key: Key, default fallback: @autoclosure () -> Value) -> Value {
        get { self[key] ?? fallback() }
        _modify {
            if self[key] == nil { self[key] = fallback() }
            yield &self[key]!
        }
    }
}
