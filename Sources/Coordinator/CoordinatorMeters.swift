// What the coordinator measures of itself; docs/operations.md says what each figure means.

import Cluster
import Protocol
import Synchronization
import Telemetry
import Transport

/// Each figure is counted where it arises and read by the thread that serves metrics.
final class CoordinatorMeters: Sendable {
    let registry = Registry()
    private let assignments: Counter
    private let retries: Counter
    private let units: Counter
    private let words: Counter
    private let received: Counter
    private let refused: Counter
    private let dropped: Counter
    private let commits: Histogram
    private let turns: Histogram
    private let reductions: Histogram
    private let searches: Counter
    private let searching: Histogram
    private let census = Mutex<(taken: Census, at: Int64)>((Census(), .min))

    init(epoch: UInt64) {
        let seconds = Histogram.secondsShort
        assignments = registry.counter(
            "sounder_unit_assignments_total", "Units handed to workers, every attempt of each.")
        retries = registry.counter(
            "sounder_unit_retries_total", "Units handed out that had been handed out before.")
        units = registry.counter(
            "sounder_units_total", "Attempts at units that ended, by how.", labels: ["result"],
            known: [["done"], ["failed"], ["lost"], ["split"]])
        words = registry.counter(
            "sounder_trained_words_total", "Words of text that training units were done with.")
        received = registry.counter(
            "sounder_messages_received_total", "Messages of workers and clients, by kind.",
            labels: ["kind"])
        refused = registry.counter(
            "sounder_messages_refused_total", "Messages answered with a refusal, by its code.",
            labels: ["code"], known: Fault.Code.allCases.map { [$0.rawValue] })
        dropped = registry.counter(
            "sounder_replies_dropped_total", "Messages dropped because their receiver read none.")
        commits = registry.histogram(
            "sounder_journal_commit_seconds", "Time of a commit of the journal.", bounds: seconds)
        turns = registry.histogram(
            "sounder_cluster_loop_seconds", "Time of a turn of the cluster loop without its wait.",
            bounds: seconds)
        reductions = registry.histogram(
            "sounder_reduction_seconds", "Time of a reduction, and of planning, by stage.",
            label: "stage", bounds: Histogram.secondsLong)
        searches = registry.counter(
            "sounder_searches_total", "Questions to indexes that were answered, by how.",
            labels: ["result"], known: SearchEnd.allCases.map { [$0.rawValue] })
        searching = registry.histogram(
            "sounder_search_seconds", "Time from a question to its answer, by how it ended.",
            label: "result", bounds: seconds)
        registry.reading(
            .gauge, "sounder_epoch", "How often a coordinator has started on this state.",
            { Double(epoch) })
        registerCensus()
        ProcessFigures.register(in: registry)
    }

    private func registerCensus() {
        registry.add("sounder_build_info") {
            [
                Family(
                    "sounder_build_info", "The version of the program, as a label.", .gauge,
                    [Family.Sample(1, labels: [Family.Label("version", softwareVersion)])])
            ]
        }
        registry.readings(
            .gauge, "sounder_workers", "Workers by state.", label: "state",
            { [self] in count(\.workers, \.self) })
        registry.readings(
            .gauge, "sounder_jobs", "Jobs that are remembered, by state.", label: "state",
            { [self] in count(\.jobs, \.rawValue) })
        registry.readings(
            .gauge, "sounder_units", "Units of the rounds that run, by state.", label: "state",
            { [self] in
                let census = census.withLock { $0.taken }
                return [
                    ("running", Double(census.unitsRunning)),
                    ("waiting", Double(census.unitsWaiting)),
                ]
            })
    }

    private func count<State: Hashable>(
        _ counts: (Census) -> [State: Int], _ name: (State) -> String
    ) -> [(String, Double)] {
        let taken = census.withLock { $0.taken }
        return counts(taken).map { (name($0.key), Double($0.value)) }.sorted { $0.0 < $1.0 }
    }

    // MARK: - The cluster thread

    func committed(_ entries: [JournalEntry], seconds: Double) {
        guard !entries.isEmpty else { return }
        commits.observe(seconds)
        for entry in entries { count(entry) }
    }

    private func count(_ entry: JournalEntry) {
        switch entry {
        case .unitAssigned(_, let lease, _):
            assignments.add()
            if lease.attempt > 1 { retries.add() }
        case .unitDone(_, _, let outcome):
            units.add(1, "done")
            // Encoding counts words, too, but trains none.
            if outcome.measures["tokens"] != nil { words.add(outcome.measures["words"] ?? 0) }
        case .unitFailed(_, _, _, _, let isLoss): units.add(1, isLoss ? "lost" : "failed")
        case .unitSplit: units.add(1, "split")
        case .jobSubmitted, .roundStarted, .roundReduced, .jobEnded, .jobRetried: break
        }
    }

    func turned(seconds: Double) { turns.observe(seconds) }

    /// Counts everything anew, once a second at most; nil in between.
    func takeCensus(of scheduler: Scheduler, at now: Moment) -> Census? {
        guard census.withLock({ now.milliseconds - 1_000 >= $0.at }) else { return nil }
        let taken = scheduler.census
        census.withLock { $0 = (taken, now.milliseconds) }
        return taken
    }

    // MARK: - The front desk

    func received(_ header: Header) { received.add(1, "\(header.kind)") }
    func refused(_ fault: Fault) { refused.add(1, fault.code.rawValue) }
    func droppedReply() { dropped.add() }

    // MARK: - The search thread

    enum SearchEnd: String, CaseIterable {
        /// `partial` lacks shards, and whoever asked allowed that.
        case answered, partial, failed
    }

    func searched(_ end: SearchEnd, seconds: Double) {
        searches.add(1, end.rawValue)
        searching.observe(seconds, end.rawValue)
    }

    // MARK: - The store thread

    /// Runs `body`, which plans or reduces.
    func timing<Value, Failure: Error>(
        _ stage: String, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let began = monotonicSeconds()
        defer { reductions.observe(monotonicSeconds() - began, stage) }
        return try body()
    }
}
