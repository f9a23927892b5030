// The receiver's half of moving one payload: which chunks to ask for, and which have come.

import Protocol

/// Bytes `offset ..< offset + length` of a payload on their way here, in chunks. Pure: it neither
/// sends nor copies; `Lane` asks on its behalf.
struct Transfer {
    let offset: Int
    let length: Int
    /// On the caller's clock, seconds.
    let deadline: Double

    private var neverAsked: Int
    /// Asked for once, and to be asked for again.
    private var overdue: [Int] = []
    /// Asked for and not here; at most a window of them.
    private(set) var outstanding: [Int] = []

    init(offset: Int = 0, length: Int, deadline: Double) {
        precondition(offset >= 0 && length >= 0, "\(length) bytes at \(offset)")
        self.offset = offset
        self.length = length
        self.deadline = deadline
        neverAsked = offset
    }

    private var end: Int { offset + length }
    var isComplete: Bool { neverAsked == end && overdue.isEmpty && outstanding.isEmpty }
    var wantsMore: Bool { neverAsked < end || !overdue.isEmpty }

    /// Everything before this position of the payload has arrived.
    var contiguousEnd: Int {
        min(neverAsked, outstanding.min() ?? end, overdue.min() ?? end)
    }

    /// The next chunk to ask for, from here on outstanding; nil if all are.
    mutating func ask() -> Range<Int>? {
        let start: Int
        if let again = overdue.first {
            overdue.removeFirst()
            start = again
        } else if neverAsked < end {
            start = neverAsked
            neverAsked += chunk(at: start).count
        } else {
            return nil
        }
        outstanding.append(start)
        return chunk(at: start)
    }

    enum Arrival: Equatable {
        /// `wasOutstanding` is false for a chunk that had been given up and came all the same.
        case wanted(wasOutstanding: Bool)
        /// Never asked for, here already, or of the wrong size.
        case unwanted
    }

    mutating func arrive(at start: Int, count: Int) -> Arrival {
        if let index = outstanding.firstIndex(of: start), chunk(at: start).count == count {
            outstanding.remove(at: index)
            return .wanted(wasOutstanding: true)
        }
        if let index = overdue.firstIndex(of: start), chunk(at: start).count == count {
            overdue.remove(at: index)
            return .wanted(wasOutstanding: false)
        }
        return .unwanted
    }

    /// What was asked for is lost, or late: it is asked for again, the rest is kept.
    mutating func giveUpOutstanding() {
        overdue = (overdue + outstanding).sorted()
        outstanding = []
    }

    /// The request did not leave: it counts as not made.
    mutating func takeBack(_ start: Int) {
        guard let index = outstanding.firstIndex(of: start) else { return }
        outstanding.remove(at: index)
        overdue.insert(start, at: 0)
    }

    private func chunk(at start: Int) -> Range<Int> {
        start..<start + min(Limits.chunkBytesMax, end - start)
    }
}
