// Whom the broker asks, when it asks somebody else, and when it gives up.

import Protocol

extension SearchBroker {
    private static let probeMilliseconds = 1_000

    /// Asks one holder for each of the shards: the first that is not suspected and was not asked.
    mutating func ask(
        _ ticket: UInt64, for shards: [Int], at now: Moment, _ effects: inout SearchEffects
    ) {
        guard var question = questions[ticket] else { return }
        var asked = Table<WorkerID, [Int]>()
        for shard in shards {
            let others = question.holders[shard].filter { !question.asked[shard].contains($0) }
            if others.isEmpty, question.asked[shard].isEmpty {
                question.open.removeAll { $0 == shard }
                question.missing.append(shard)
            }
            for worker in choose(among: others, at: now) {
                asked[worker, default: []].append(shard)
                question.asked[shard].append(worker)
            }
        }
        questions[ticket] = question
        for worker in asked.keys {
            // Who owes it already is as late as it was.
            let debt = servants[worker]?.owes[ticket] ?? Debt(since: now, effort: question.effort)
            servants[worker]?.owes[ticket] = debt
            effects.requests.append(
                SearchEffects.Request(
                    ticket: ticket, worker: worker, shards: asked[worker] ?? [],
                    milliseconds: max(question.deadline - now, 1)))
        }
    }

    /// The first that is not suspected; besides it now and then the first of all, so that it can
    /// show that it is back.
    private mutating func choose(among others: [WorkerID], at now: Moment) -> [WorkerID] {
        guard let first = others.first else { return [] }
        let chosen = others.first { servants[$0]?.isSuspect == false } ?? first
        guard chosen != first, let suspect = servants[first], suspect.probeAt <= now else {
            return [chosen]
        }
        servants[first]?.probeAt = now + Self.probeMilliseconds
        return [chosen, first]
    }

    /// Answers, if nothing is left to wait for.
    mutating func finishIfDone(_ ticket: UInt64, _ effects: inout SearchEffects) {
        guard let question = questions[ticket] else { return }
        if !question.missing.isEmpty, !question.search.allowsPartial {
            return fail(ticket, question.fault ?? .nobodyHolds(question.missing), &effects)
        }
        if question.open.isEmpty { finish(ticket, question, &effects) }
    }

    private mutating func finish(
        _ ticket: UInt64, _ question: Question, _ effects: inout SearchEffects
    ) {
        questions[ticket] = nil
        let outcome = SearchEffects.Outcome.found(
            Hits.merge(question.lists, top: question.search.top),
            missing: (question.missing + question.open).sorted(),
            slowestMicroseconds: question.slowestMicroseconds)
        effects.answers.append(SearchEffects.Answer(ticket: ticket, outcome: outcome))
    }

    mutating func fail(_ ticket: UInt64, _ fault: Fault, _ effects: inout SearchEffects) {
        questions[ticket] = nil
        effects.answers.append(SearchEffects.Answer(ticket: ticket, outcome: .failed(fault)))
    }

    // MARK: Time

    /// Lets deadlines pass, suspects who is late, and gives up who is silent.
    public mutating func tick(at now: Moment, into effects: inout SearchEffects) {
        for worker in servants.keys {
            guard let servant = servants[worker] else { continue }
            if now - servant.heardAt >= livenessMilliseconds {
                left(worker, at: now, into: &effects)
            }
        }
        for ticket in questions.keys { expire(ticket, at: now, &effects) }
        for worker in servants.keys { hedge(worker, at: now, &effects) }
        rest(at: now, into: &effects)
    }

    private mutating func expire(
        _ ticket: UInt64, at now: Moment, _ effects: inout SearchEffects
    ) {
        guard let question = questions[ticket], question.deadline <= now else { return }
        if question.search.allowsPartial { return finish(ticket, question, &effects) }
        let silent = Set(question.open.flatMap { question.asked[$0] }).sorted()
        fail(
            ticket,
            .tooLate(
                shards: question.open, of: question.asked.count, workers: silent,
                milliseconds: question.search.deadlineMilliseconds),
            &effects)
    }

    /// What a late worker owes is asked of others, too.
    private mutating func hedge(
        _ worker: WorkerID, at now: Moment, _ effects: inout SearchEffects
    ) {
        guard var servant = servants[worker] else { return }
        servant.owes = servant.owes.filter { questions[$0.key] != nil || servant.isSuspect }
        let late = servant.owes.filter { servant.isLate($0.value, at: now) }.keys.sorted()
        if !late.isEmpty { servant.isSuspect = true }
        // Once is enough: who does not answer owes it, but is not asked about it again.
        for ticket in late { servant.owes[ticket] = nil }
        servants[worker] = servant
        for ticket in late {
            guard let question = questions[ticket] else { continue }
            let owed = question.open.filter { question.asked[$0].last == worker }
            ask(ticket, for: owed, at: now, &effects)
        }
    }

    /// Says when `tick` is wanted next.
    mutating func rest(at now: Moment, into effects: inout SearchEffects) {
        var wake: Moment?
        func consider(_ moment: Moment) { wake = min(wake ?? moment, moment) }
        for ticket in questions.keys { questions[ticket].map { consider($0.deadline) } }
        servants.forEach { _, servant in
            consider(servant.heardAt + livenessMilliseconds)
            for debt in servant.owes.values { consider(debt.since + servant.patience(debt.effort)) }
        }
        effects.wakeAt = wake
    }
}

extension SearchBroker.Servant {
    /// Milliseconds after which it is late.
    fileprivate func patience(_ effort: SearchBroker.Effort) -> Int {
        guard let pace = paces[effort] else { return effort.paceUnknown }
        let allowed = effort.hedgeMilliseconds
        return min(max(Int(3 * pace), allowed.lowerBound), allowed.upperBound)
    }

    fileprivate func isLate(_ debt: SearchBroker.Debt, at now: Moment) -> Bool {
        now - debt.since >= patience(debt.effort)
    }
}

extension SearchBroker.Effort {
    /// What a worker may take that has not answered anything yet: it may have to read the index, or
    /// to load the model.
    fileprivate var paceUnknown: Int { self == .segments ? 500 : 2_000 }
    fileprivate var hedgeMilliseconds: ClosedRange<Int> {
        self == .segments ? 20...2_000 : 20...30_000
    }
}

extension Fault {
    fileprivate static func nobodyHolds(_ shards: [Int]) -> Fault {
        Fault(
            .unavailable,
            "no worker is left that could read \(shards.count) shards of the index; ask again once "
                + "workers are back, or allow partial answers", retryable: true)
    }

    fileprivate static func tooLate(
        shards: [Int], of all: Int, workers: [WorkerID], milliseconds: Int
    ) -> Fault {
        let names = workers.prefix(3).map(\.text).joined(separator: ", ")
        let numbers = shards.prefix(3).map(String.init).joined(separator: ", ")
        return Fault(
            .temporary,
            "\(shards.count) of \(all) shards did not answer within \(milliseconds) ms (shard "
                + "\(numbers)\(shards.count > 3 ? ", .." : ""); asked: \(names)); "
                + "allow more time, or partial answers", retryable: true)
    }

    static let noServants = Fault(
        .unavailable, "no worker is here to search with; start sounder-worker", retryable: true)
    static let tooManySearches = Fault(
        .temporary,
        "\(Limits.searchesMax) searches are under way, which is the limit; ask again later",
        retryable: true)
}
