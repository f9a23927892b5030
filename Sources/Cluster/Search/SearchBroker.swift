// Fans questions out over the workers that hold an index, and merges their hits before a deadline.

public import Protocol

/// A pure state machine, like the scheduler: time is handed in, effects are handed out. Nothing of
/// it is journaled: a client that gets no answer asks again.
///
/// A worker that takes far longer than it used to is suspected. What it owes is asked of the next
/// holder, too, and the first answer counts (hedged requests: Dean and Barroso, "The tail at
/// scale", 2013); further questions go to others first, until it answers something.
public struct SearchBroker: Sendable {
    struct Question: Sendable {
        let search: Search
        let deadline: Moment
        var holders: [[WorkerID]]
        /// Shards without an answer, ascending.
        var open: [Int]
        /// Who was asked for a shard and has not failed to answer.
        var asked: [[WorkerID]]
        var lists: [[Hit]] = []
        var slowestMicroseconds = 0
        /// Shards that nobody can answer for, and the last reason why.
        var missing: [Int] = []
        var fault: Fault?
    }

    /// What a question costs a worker. A model takes a thousand times as long for a pair as a
    /// segment for a passage, so that neither tells when the other is late.
    enum Effort: Hashable, Sendable {
        case segments, pairs
    }

    struct Debt: Sendable {
        let since: Moment
        let effort: Effort
    }

    struct Servant: Sendable {
        var heardAt: Moment
        /// Milliseconds that it takes to answer, smoothed; nothing before its first answer.
        var paces: [Effort: Double] = [:]
        var isSuspect = false
        /// A suspect is asked now and then whether it is back.
        var probeAt: Moment
        /// Questions that it owes.
        var owes: [UInt64: Debt] = [:]
    }

    var questions = Table<UInt64, Question>()
    var servants = Table<WorkerID, Servant>()
    /// Of the workers that are here now.
    private var placements = KnownPlacements()
    let livenessMilliseconds: Int

    public init(livenessMilliseconds: Int) { self.livenessMilliseconds = livenessMilliseconds }

    public var workers: [WorkerID] { servants.keys }
    public var workersCount: Int { servants.count }
    public var underWay: Int { questions.count }

    // MARK: Workers

    public mutating func joined(
        _ worker: WorkerID, at now: Moment, into effects: inout SearchEffects
    ) {
        if servants[worker] == nil {
            servants[worker] = Servant(heardAt: now, probeAt: now)
            placements = KnownPlacements()
        }
        heard(worker, at: now)
        rest(at: now, into: &effects)
    }

    /// The worker is here under another address: what it was asked at the former one may be lost,
    /// and so may its answers, and what it owes is asked again.
    public mutating func returned(
        _ worker: WorkerID, at now: Moment, into effects: inout SearchEffects
    ) {
        joined(worker, at: now, into: &effects)
        for ticket in questions.keys {
            guard let question = questions[ticket] else { continue }
            let owed = question.open.filter { question.asked[$0].contains(worker) }
            if owed.isEmpty { continue }
            servants[worker]?.owes[ticket] = Debt(since: now, effort: question.effort)
            effects.requests.append(
                SearchEffects.Request(
                    ticket: ticket, worker: worker, shards: owed,
                    milliseconds: max(question.deadline - now, 1)))
        }
        rest(at: now, into: &effects)
    }

    /// - Returns: false if the worker is not known: it must say HELLO again.
    @discardableResult
    public mutating func heard(_ worker: WorkerID, at now: Moment) -> Bool {
        servants[worker]?.heardAt = now
        return servants[worker] != nil
    }

    public mutating func left(
        _ worker: WorkerID, at now: Moment, into effects: inout SearchEffects
    ) {
        guard servants[worker] != nil else { return }
        servants[worker] = nil
        placements = KnownPlacements()
        for ticket in questions.keys {
            guard var question = questions[ticket] else { continue }
            let orphans = question.open.filter { question.asked[$0].contains(worker) }
            question.strike(worker, from: question.open)
            questions[ticket] = question
            ask(ticket, for: orphans.filter { question.asked[$0].isEmpty }, at: now, &effects)
            finishIfDone(ticket, &effects)
        }
        rest(at: now, into: &effects)
    }

    // MARK: Questions

    /// - Parameter ticket: new.
    public mutating func asked(
        _ search: Search, ticket: UInt64, at now: Moment, into effects: inout SearchEffects
    ) {
        precondition(questions[ticket] == nil, "ticket \(ticket) is in use")
        if let fault = obstacle { return fail(ticket, fault, &effects) }
        let count = search.index.shards.count
        questions[ticket] = Question(
            search: search, deadline: now + search.deadlineMilliseconds,
            holders: placements.holders(for: search, on: servants.keys),
            open: Array(0..<count), asked: Array(repeating: [], count: count))
        ask(ticket, for: Array(0..<count), at: now, &effects)
        rest(at: now, into: &effects)
    }

    private var obstacle: Fault? {
        if servants.isEmpty { return .noServants }
        return questions.count >= Limits.searchesMax ? .tooManySearches : nil
    }

    /// Whoever asked is gone.
    public mutating func abandoned(_ ticket: UInt64) { questions[ticket] = nil }

    /// - Parameter hits: of `scored.shards`, in order; none if it has a fault.
    public mutating func scored(
        _ scored: Scored, _ hits: [Hit], by worker: WorkerID, at now: Moment,
        into effects: inout SearchEffects
    ) {
        note(scored.ticket, answeredBy: worker, at: now)
        guard servants[worker] != nil, var question = questions[scored.ticket] else { return }
        // What another holder answered first does not count twice.
        let news = scored.shards.filter(question.open.contains)
        if let fault = scored.fault {
            question.fault = fault
            question.strike(worker, from: news)
            questions[scored.ticket] = question
            ask(scored.ticket, for: news.filter { question.asked[$0].isEmpty }, at: now, &effects)
        } else {
            question.lists.append(hits.filter { news.contains(Int($0.shard)) })
            question.open.removeAll(where: news.contains)
            question.slowestMicroseconds = max(question.slowestMicroseconds, scored.microseconds)
            questions[scored.ticket] = question
        }
        // It may have been asked twice, and owe the rest still.
        if question.open.contains(where: { question.asked[$0].contains(worker) }) {
            servants[worker]?.owes[scored.ticket] = Debt(since: now, effort: question.effort)
        }
        finishIfDone(scored.ticket, &effects)
        rest(at: now, into: &effects)
    }

    private mutating func note(_ ticket: UInt64, answeredBy worker: WorkerID, at now: Moment) {
        guard var servant = servants[worker] else { return }
        servant.heardAt = now
        servant.isSuspect = false
        if let debt = servant.owes.removeValue(forKey: ticket) {
            let took = Double(max(now - debt.since, 0))
            let pace = servant.paces[debt.effort]
            servant.paces[debt.effort] = pace.map { 0.8 * $0 + 0.2 * took } ?? took
        }
        servants[worker] = servant
    }
}

extension SearchBroker.Question {
    var effort: SearchBroker.Effort { search.model == nil ? .segments : .pairs }

    /// The worker will not answer for these shards.
    mutating func strike(_ worker: WorkerID, from shards: [Int]) {
        for shard in shards {
            holders[shard].removeAll { $0 == worker }
            asked[shard].removeAll { $0 == worker }
        }
    }
}
