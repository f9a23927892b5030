// Short ways to say what tests are about: workers, jobs, rounds, and a scheduler with its effects.

import Cluster
public import Protocol

extension WorkerID: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(value) }
}

extension JobID: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(value) }
}

enum Sample {
    static let corpus = Corpus(
        id: "corpus", files: [InputFile(path: "/c", size: 1_000, modifiedNanoseconds: 1)],
        blockBytes: 100)

    static func capabilities(
        slots: Int = 1, kinds: [String] = ["count-words"]
    ) -> Capabilities {
        Capabilities(
            kinds: kinds, slots: slots, threads: 1, instructionSet: "scalar", host: "host",
            processID: 1)
    }

    static func spec(_ dimension: Int = 100) -> JobSpec {
        var spec = TrainWords(files: corpus.files)
        spec.dimension = dimension
        return .trainWords(spec)
    }

    static func round(
        _ work: [Double], stage: String = "counting", index: Int = 0, count: Int = 1
    ) -> Round {
        Round(
            stage: stage, index: index, count: count,
            units: work.enumerated().map { position, work in
                WorkUnit(
                    task: .countWords(CountWords(corpus: corpus, blocks: position..<position + 1)),
                    affinity: position, work: work)
            })
    }

    static func round(units: Int, stage: String = "counting", index: Int = 0, count: Int = 1)
        -> Round
    {
        round(Array(repeating: 1, count: units), stage: stage, index: index, count: count)
    }

    static func payload(_ id: String) -> PayloadReference {
        PayloadReference(id: id, size: 10, checksum: 1)
    }

    static func outcome(_ output: String? = nil, words: Double = 1) -> UnitOutcome {
        UnitOutcome(outputs: output.map { [payload($0)] } ?? [], measures: ["words": words])
    }

    static let task = UnitTask.countWords(CountWords(corpus: corpus, blocks: 0..<1))

    static let broken = Fault(.data, "line 3 is not text")
    static let flaky = Fault(.temporary, "out of memory", retryable: true)
}

/// A scheduler whose every event is followed by a tick and a check of its invariants.
struct Stage {
    var scheduler: Scheduler
    var now = Moment(milliseconds: 1_000)
    var last = Effects()
    /// Everything that the journal was told.
    var all: [JournalEntry] = []
    /// What was to be done under a lease, by its token.
    var tasks: [UInt64: UnitTask] = [:]

    init(epoch: UInt64 = 1, _ change: (inout Policy) -> Void = { _ in }) {
        var policy = Policy()
        change(&policy)
        scheduler = Scheduler(epoch: epoch, policy: policy, seed: 1)
    }

    /// The effects of the event are in `last`.
    mutating func happens(_ event: Event) {
        last.removeAll()
        scheduler.handle(event, at: now, into: &last)
        scheduler.tick(at: now, into: &last)
        scheduler.checkInvariants()
        remember()
    }

    private mutating func remember() {
        all += last.journal
        for case .worker(_, .assign(let assign)) in last.outbound {
            tasks[assign.lease.token] = assign.task
        }
    }

    /// Lets time pass as a shell does: it wakes when told to.
    mutating func pass(_ milliseconds: Int) {
        last.removeAll()
        let end = now + milliseconds
        var wakeAt: Moment? = now
        while let next = wakeAt, next <= end {
            now = max(now, next)
            scheduler.tick(at: now, into: &last)
            scheduler.checkInvariants()
            wakeAt = last.wakeAt
        }
        now = end
        scheduler.tick(at: now, into: &last)
        scheduler.checkInvariants()
    }

    mutating func join(_ workers: WorkerID..., slots: Int = 1) {
        for worker in workers {
            happens(.workerJoined(worker, Sample.capabilities(slots: slots)))
        }
    }

    /// Submits job "j" and plans its first round. What is assigned is in `last`.
    mutating func start(_ round: Round, job: JobID = "j") {
        happens(
            .jobSubmitted(job, key: "key of \(job)", Sample.spec(), atWallMilliseconds: 7))
        happens(.roundPlanned(job, round, measures: [:]))
    }

    func status(_ job: JobID = "j") -> JobStatus? { scheduler.status(of: job, at: now) }

    /// A heartbeat that names what it is given.
    mutating func beat(_ worker: WorkerID, _ running: [Given] = [], done: Double = 0) {
        happens(
            .workerHeard(
                worker,
                running.map {
                    RunningUnit(
                        unit: $0.unit, lease: $0.lease,
                        progress: Progress(done: done, total: 100))
                }))
    }
}

/// An assignment as the network sees it.
struct Given: Equatable {
    let worker: WorkerID
    let unit: WorkUnitID
    let lease: Lease
}

extension Effects {
    /// What the journal is told, but for what it may lose.
    var promises: [JournalEntry] { journal.filter(\.isPromise) }

    var assigned: [Given] {
        outbound.compactMap {
            guard case .worker(let worker, .assign(let assign)) = $0 else { return nil }
            return Given(worker: worker, unit: assign.unit, lease: assign.lease)
        }
    }

    var released: [Given] {
        outbound.compactMap {
            guard case .worker(let worker, .release(let release)) = $0 else { return nil }
            return Given(worker: worker, unit: release.unit, lease: release.lease)
        }
    }

    var revoked: [Given] {
        outbound.compactMap {
            guard case .worker(let worker, .revoke(let revoke)) = $0 else { return nil }
            return Given(worker: worker, unit: revoke.unit, lease: revoke.lease)
        }
    }
}

extension Given {
    func finished(_ outcome: UnitOutcome = Sample.outcome()) -> Event {
        .unitFinished(unit, lease, from: worker, outcome)
    }

    func failed(_ fault: Fault = Sample.flaky) -> Event {
        .unitFailed(unit, lease, from: worker, fault)
    }
}
