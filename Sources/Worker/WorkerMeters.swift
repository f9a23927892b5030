// What a worker measures of itself; docs/operations.md says what each figure means.

import Protocol
import Synchronization
import Telemetry
import Transport

final class WorkerMeters: Sendable {
    let registry = Registry()
    private let units: Counter
    private let seconds: Histogram
    private let words: Counter
    private let training: Counter
    private let documents: Counter
    private let tokens: Counter
    private let encoding: Counter
    private let connected = Atomic<Bool>(false)
    private let running = Atomic<Int>(0)

    init(threads: Int) {
        units = registry.counter(
            "sounder_worker_units_total", "Units that ended here, by kind and how.",
            labels: ["kind", "result"])
        seconds = registry.histogram(
            "sounder_worker_unit_seconds", "Time of a unit, by kind.", label: "kind",
            bounds: Histogram.secondsLong)
        words = registry.counter(
            "sounder_worker_trained_words_total", "Words of text that were trained.")
        training = registry.counter(
            "sounder_worker_training_seconds_total",
            "Time in the loops that train, without transfers and encoding.")
        documents = registry.counter(
            "sounder_worker_encoded_documents_total", "Documents that became vectors.")
        tokens = registry.counter(
            "sounder_worker_encoded_tokens_total", "Tokens of these documents, as encoded.")
        encoding = registry.counter(
            "sounder_worker_encoding_seconds_total",
            "Time in the model, without transfers and reading.")
        registry.reading(
            .gauge, "sounder_worker_connected", "1 while the coordinator answers.",
            { [self] in isConnected ? 1 : 0 })
        registry.reading(
            .gauge, "sounder_worker_running_units", "Units that are running.",
            { [self] in Double(running.load(ordering: .relaxed)) })
        registry.reading(
            .gauge, "sounder_worker_threads", "Threads of computation.", { Double(threads) })
        ProcessFigures.register(in: registry)
    }

    /// Whether the coordinator has said WELCOME and is not silent since.
    var isConnected: Bool {
        get { connected.load(ordering: .relaxed) }
        set { connected.store(newValue, ordering: .relaxed) }
    }

    /// Runs a unit and counts how it ended.
    func measuring(
        _ kind: String, _ run: () -> Result<UnitOutcome, Fault>
    ) -> Result<UnitOutcome, Fault> {
        let began = monotonicSeconds()
        running.add(1, ordering: .relaxed)
        let result = run()
        running.subtract(1, ordering: .relaxed)
        seconds.observe(monotonicSeconds() - began, kind)
        switch result {
        case .success(let outcome):
            units.add(1, kind, "done")
            count(outcome.measures)
        case .failure(let fault):
            units.add(1, kind, fault.code == .cancelled ? "cancelled" : "failed")
        }
        return result
    }

    private func count(_ measures: [String: Double]) {
        guard let spent = measures["computeSeconds"] else { return }
        if let count = measures["documents"] {
            encoding.add(spent)
            documents.add(count)
            tokens.add(measures["tokens"] ?? 0)
        } else {
            training.add(spent)
            words.add(measures["words"] ?? 0)
        }
    }
}
