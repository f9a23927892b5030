// All transfers from one holder: they share its window, take turns, and resume when it stalls.

import Protocol

/// Pure: time is a parameter, in seconds of one monotonic clock; the caller sends what it says.
struct Lane {
    /// Silence of the holder, with chunks outstanding, after which they are asked for again.
    static let patienceSeconds = 5.0
    private static let patienceSecondsMax = 60.0

    struct Request: Equatable {
        let transfer: UInt64
        let range: Range<Int>
    }

    /// Whether requests can be sent to the holder now.
    private(set) var isOpen = false
    /// Windows that were asked for a second time.
    private(set) var resumptions = 0

    private var transfers: [UInt64: Transfer] = [:]
    /// Every id of `transfers` once; the first is the next to ask.
    private var turns: [UInt64] = []
    private var outstanding = 0
    private var lastSign = 0.0
    private var lastArrival = 0.0
    private var patience = Lane.patienceSeconds
    private let silenceSecondsMax: Double

    /// - Parameter silenceSecondsMax: without a chunk, after which all transfers from a holder that
    ///   is connected are late, whatever time they have left.
    init(silenceSecondsMax: Double = .infinity) { self.silenceSecondsMax = silenceSecondsMax }

    var isEmpty: Bool { transfers.isEmpty }
    var identifiers: [UInt64] { turns }
    subscript(id: UInt64) -> Transfer? { transfers[id] }

    mutating func add(_ transfer: Transfer, as id: UInt64) {
        precondition(transfers[id] == nil, "transfer \(id) exists")
        transfers[id] = transfer
        turns.append(id)
    }

    mutating func remove(_ id: UInt64) {
        guard let transfer = transfers.removeValue(forKey: id) else { return }
        outstanding -= transfer.outstanding.count
        turns.removeAll { $0 == id }
    }

    /// The holder can be reached, over a new connection: what the old one carried is lost.
    mutating func open(at now: Double) {
        giveUpOutstanding()
        isOpen = true
        lastSign = now
        lastArrival = now
        patience = Self.patienceSeconds
    }

    mutating func close() { isOpen = false }

    /// The next request, round robin over the transfers, while the window has room.
    mutating func nextRequest(at now: Double) -> Request? {
        guard isOpen, outstanding < Limits.chunksInFlightMax else { return nil }
        for (position, id) in turns.enumerated() {
            guard let range = transfers[id]?.ask() else { continue }
            turns.append(turns.remove(at: position))
            if outstanding == 0 { lastSign = now }
            outstanding += 1
            return Request(transfer: id, range: range)
        }
        return nil
    }

    /// The socket did not take the request.
    mutating func takeBack(_ request: Request) {
        guard transfers[request.transfer] != nil else { return }
        transfers[request.transfer]?.takeBack(request.range.lowerBound)
        outstanding -= 1
    }

    /// - Returns: whether the bytes are to be kept.
    mutating func arrive(_ id: UInt64, at start: Int, count: Int, now: Double) -> Bool {
        switch transfers[id]?.arrive(at: start, count: count) {
        case .wanted(let wasOutstanding):
            if wasOutstanding { outstanding -= 1 }
            // A link that needs seconds for a chunk is slow, not stalled: asking again would
            // only send everything twice.
            let pause = now - lastSign
            patience = min(max(3 * pause, Self.patienceSeconds), Self.patienceSecondsMax)
            lastSign = now
            lastArrival = now
            return true
        case .unwanted, nil:
            return false
        }
    }

    /// Whether the holder can be reached, and has sent nothing for longer than it may.
    func isSilent(at now: Double) -> Bool {
        isOpen && !isEmpty && now - lastArrival >= silenceSecondsMax
    }

    /// Resumes a stalled lane.
    ///
    /// - Returns: the transfers whose deadline has passed, or all if the holder is silent; they are
    ///   the caller's to remove.
    mutating func tick(at now: Double) -> [UInt64] {
        if isSilent(at: now) { return turns }
        if outstanding > 0, now - lastSign >= patience {
            giveUpOutstanding()
            resumptions += 1
            lastSign = now
            patience = min(2 * patience, Self.patienceSecondsMax)
        }
        return turns.filter { id in transfers[id].map { $0.deadline <= now } ?? false }
    }

    /// When `tick` is due; nil with nothing to wait for.
    var wakeAt: Double? {
        guard var wakeAt = transfers.values.lazy.map(\.deadline).min() else { return nil }
        if isOpen { wakeAt = min(wakeAt, lastArrival + silenceSecondsMax) }
        return outstanding > 0 ? min(wakeAt, lastSign + patience) : wakeAt
    }

    private mutating func giveUpOutstanding() {
        for id in turns { transfers[id]?.giveUpOutstanding() }
        outstanding = 0
    }
}
