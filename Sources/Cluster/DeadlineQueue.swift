// What is due next among many things, without looking at all of them.

/// A binary heap of keys by moment. A key stands in it once; what it is due for may have moved on
/// when it comes up, so whoever takes it asks the thing itself and puts it back if it is early.
struct DeadlineQueue<Key: Hashable & Sendable>: Sendable {
    private struct Entry: Sendable {
        let at: Moment
        /// Decides between equal moments, so that every process takes them in the same order.
        let order: UInt64
        let key: Key

        static func < (left: Entry, right: Entry) -> Bool {
            left.at == right.at ? left.order < right.order : left.at < right.at
        }
    }

    private var heap: [Entry] = []
    /// Looked up, never iterated.
    private var members: Set<Key> = []
    private var added: UInt64 = 0

    var count: Int { heap.count }

    /// The earliest moment at which something may be due.
    var first: Moment? { heap.first?.at }

    /// Does nothing for a key that is in the queue: it comes up no later than it was asked to.
    mutating func add(_ key: Key, at moment: Moment) {
        guard members.insert(key).inserted else { return }
        added += 1
        heap.append(Entry(at: moment, order: added, key: key))
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes the next key that may be due at `now`.
    mutating func take(dueAt now: Moment) -> Key? {
        guard let top = heap.first, top.at <= now else { return nil }
        members.remove(top.key)
        let last = heap.removeLast()
        if !heap.isEmpty { sink(last) }
        return top.key
    }

    private mutating func sink(_ entry: Entry) {
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < entry else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = entry
    }
}
