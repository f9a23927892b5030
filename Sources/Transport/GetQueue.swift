// The holder's half: requests that wait for their turn, fair between those who ask.

import Protocol

/// Pure. One request of each asker in turn; a bounded number of each, and no request twice.
struct GetQueue<Asker: Hashable> {
    struct Request: Equatable {
        let asker: Asker
        let number: UInt64
        let get: Get
    }

    /// More than a window, so that whoever keeps to the protocol never meets it.
    static var perAskerMax: Int { 8 * Limits.chunksInFlightMax }

    private var waiting: [Asker: [Request]] = [:]
    /// Every asker of `waiting` once; the first is served next.
    private var turns: [Asker] = []

    var isEmpty: Bool { turns.isEmpty }

    /// - Returns: false if the request was dropped: it waits already, or too many do.
    @discardableResult
    mutating func add(_ request: Request) -> Bool {
        guard let queue = waiting[request.asker] else {
            waiting[request.asker] = [request]
            turns.append(request.asker)
            return true
        }
        guard queue.count < Self.perAskerMax, !queue.contains(request) else { return false }
        waiting[request.asker, default: []].append(request)
        return true
    }

    /// The next request; the asker goes to the end of the line.
    mutating func next() -> Request? {
        guard let asker = turns.first else { return nil }
        turns.removeFirst()
        guard let request = waiting[asker]?.first else { return nil }
        waiting[asker]?.removeFirst()
        if waiting[asker]?.isEmpty == true {
            waiting[asker] = nil
        } else {
            turns.append(asker)
        }
        return request
    }

    /// Puts back what could not be served yet, before the asker's other requests.
    mutating func putBack(_ request: Request) {
        if waiting[request.asker] == nil { turns.append(request.asker) }
        waiting[request.asker, default: []].insert(request, at: 0)
    }

    mutating func forget(_ asker: Asker) {
        guard waiting.removeValue(forKey: asker) != nil else { return }
        turns.removeAll { $0 == asker }
    }
}
