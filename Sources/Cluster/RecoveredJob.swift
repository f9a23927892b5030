// A job as the journal remembers it: what its entries, one after the other, come to.

public import Protocol

public struct RecoveredJob: Sendable, Equatable {
    public var job: JobID
    public var key: String
    public var spec: JobSpec
    public var submittedAtMilliseconds: Int64
    /// The last word on a job that ended; nil for one that is to be run.
    public var ended: JobStatus?
    /// The newest round that was started; nil before the first.
    public var round: RecoveredRound?

    public init(
        job: JobID, key: String, spec: JobSpec, submittedAtMilliseconds: Int64,
        ended: JobStatus? = nil, round: RecoveredRound? = nil
    ) {
        self.job = job
        self.key = key
        self.spec = spec
        self.submittedAtMilliseconds = submittedAtMilliseconds
        self.ended = ended
        self.round = round
    }

    /// Takes up the next entry of this job's. Entries that contradict what went before change
    /// nothing.
    public mutating func apply(_ entry: JournalEntry) {
        switch entry {
        case .jobSubmitted: break
        case .roundStarted(_, let summary): round = RecoveredRound(summary)
        case .roundReduced(_, let number):
            if round?.summary.number == number { round?.isReduced = true }
        case .jobEnded(_, let status):
            ended = status
            round = nil
        case .jobRetried: ended = nil
        case .unitAssigned(let unit, _, _), .unitDone(let unit, _, _),
            .unitFailed(let unit, _, _, _, _), .unitSplit(let unit):
            if round?.summary.number == unit.round { round?.apply(entry, to: unit.index) }
        }
    }
}

public struct RecoveredRound: Sendable, Equatable {
    public var summary: RoundSummary
    public var isReduced = false
    /// Units that were split, in that order.
    public var splits: [Int] = []
    /// By the unit's index, as far as any was assigned.
    public var units: [RecoveredUnit] = []

    public init(_ summary: RoundSummary) {
        self.summary = summary
        units.reserveCapacity(min(max(0, summary.units), Limits.unitsPerRoundMax))
    }

    fileprivate mutating func apply(_ entry: JournalEntry, to index: Int) {
        // A damaged number must not become a large table.
        guard index >= 0, index < summary.units + splits.count else { return }
        while units.count <= index { units.append(RecoveredUnit()) }
        switch entry {
        case .unitAssigned(_, let lease, let worker): units[index].assign(lease, to: worker)
        case .unitDone(_, _, let outcome): units[index].outcome = outcome
        case .unitFailed(_, let lease, _, _, let isLoss): units[index].fail(lease, isLoss: isLoss)
        case .unitSplit:
            splits.append(index)
            units[index] = RecoveredUnit(attempts: units[index].attempts)
        default: break
        }
    }

    /// Whether a round that was planned now is this one, not yet reduced.
    func isSame(as round: Round) -> Bool {
        !isReduced && summary.stage == round.stage && summary.index == round.index
            && summary.count == round.count && summary.units == round.units.count
    }
}

public struct RecoveredUnit: Sendable, Equatable {
    public var attempts = 0
    public var failures = 0
    public var losses = 0
    /// Who held it last, unless that attempt failed.
    public var lease: Lease?
    public var worker: WorkerID?
    public var outcome: UnitOutcome?

    public init(attempts: Int = 0) { self.attempts = attempts }

    fileprivate mutating func assign(_ lease: Lease, to worker: WorkerID) {
        attempts = max(attempts, lease.attempt)
        self.lease = lease
        self.worker = worker
    }

    /// A lost worker may come back with its result; one that failed has none.
    fileprivate mutating func fail(_ lease: Lease, isLoss: Bool) {
        if isLoss { losses += 1 } else { failures += 1 }
        if !isLoss, self.lease == lease {
            self.lease = nil
            worker = nil
        }
    }
}
