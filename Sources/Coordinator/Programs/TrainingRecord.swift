// Keeps the history of a training job: a point a round, and what the log is told of it.

import FoundationEssentials
import Logging
import Protocol
import Transport

/// What the rounds of one job measured. It follows the job over restarts of the coordinator, as far
/// back as its checkpoints do.
struct TrainingRecord {
    private static let name = "history"
    private static let logIntervalMilliseconds: Int64 = 10_000
    private let directory: JobDirectory
    private let spec: TrainWords
    private(set) var history = TrainingHistory()
    private var roundBegan = monotonicMilliseconds()
    /// Since when no worker trains; nil while one does.
    private var pausedAt: Int64?
    /// Earlier pauses of the round, after which some of it was trained again.
    private var pausedMilliseconds: Int64 = 0
    private var loggedAt = Int64.min / 2
    private var probedRound = 0

    init(directory: JobDirectory, spec: TrainWords) {
        self.directory = directory
        self.spec = spec
    }

    mutating func beginRound() {
        roundBegan = monotonicMilliseconds()
        (pausedAt, pausedMilliseconds) = (nil, 0)
    }

    /// The last unit that trained was done at that time. Units that reduce do not train.
    mutating func pause(at milliseconds: Int64) {
        if pausedAt == nil { pausedAt = milliseconds }
    }

    /// Workers train again.
    mutating func resume() {
        if let pausedAt { pausedMilliseconds += max(monotonicMilliseconds() - pausedAt, 0) }
        pausedAt = nil
    }

    /// Takes up what was saved with the checkpoint that `round` begins with.
    mutating func load(before round: Int) {
        guard let frame = directory.load(Self.name),
            var saved = try? JSONDecoder().decode(TrainingHistory.self, from: Data(frame.bytes))
        else { return }
        saved.forget(from: round)
        history = saved
    }

    func save() throws(Fault) { try directory.save(try payload(), as: Self.name) }

    /// As it is published.
    func payload() throws(Fault) -> Frame {
        guard let data = try? JSONEncoder().encode(history) else {
            throw Fault(.internalError, "the history of job \(directory.job) cannot be written")
        }
        return Frame(data)
    }

    /// A round of so many partitions was reduced.
    /// - Returns: its figures, for whoever looks at the job now.
    mutating func end(
        _ round: Round, _ outputs: RoundOutputs, partitions: Int, divergence: Double?
    ) -> [String: Double] {
        resume()
        let now = monotonicMilliseconds()
        let (sum, losses) = (outputs.sum(of: "lossSum"), outputs.sum(of: "lossCount") ?? 0)
        let course = TrainingCourse(count: max(round.count, 1), partitions: partitions)
        let point = TrainingHistory.Point(
            round: round.index, words: outputs.sum(of: "words") ?? 0,
            seconds: Double(now - roundBegan) / 1_000,
            bytesSent: outputs.sum(of: "bytesSent") ?? 0,
            bytesReceived: outputs.sum(of: "bytesReceived") ?? 0,
            loss: losses >= 1 ? sum.map { $0 / losses } : nil,
            learningRate: spec.alpha * max(1e-4, 1 - course.done(after: round.index)),
            divergence: divergence, secondsReducing: Double(pausedMilliseconds) / 1_000)
        history.add(point)
        log(point, of: round, at: now)
        return point.measures
    }

    /// Whether the probe words are to be looked up, now that `round` has begun.
    func isProbed(_ round: Int, of rounds: Int) -> Bool {
        spec.probes?.isEmpty == false && round > probedRound
            && TrainingHistory.isProbed(round, of: rounds)
    }

    mutating func add(_ found: [TrainingHistory.Probe], unknown: [String], at round: Int) {
        probedRound = round
        history.add(found)
        history.unknownProbes = unknown
        for probe in found {
            let words = probe.neighbours.map(\.word).joined(separator: " ")
            directory.logger.info("job \(directory.job): \(probe.word) is near \(words)")
        }
    }

    /// Rounds may take a few milliseconds: most are only for whoever debugs.
    private mutating func log(_ point: TrainingHistory.Point, of round: Round, at now: Int64) {
        let isShown =
            now - loggedAt >= Self.logIntervalMilliseconds
            || round.index + 1 == round.count
        if isShown { loggedAt = now }
        directory.logger.log(
            level: isShown ? .info : .debug,
            "job \(directory.job): round \(round.index + 1) of \(round.count)\(point.sentence)")
    }
}

extension TrainingHistory.Point {
    fileprivate var measures: [String: Double] {
        var measures = ["round.learningRate": learningRate]
        measures["round.loss"] = loss
        measures["round.secondsReducing"] = secondsReducing
        measures["round.wordsPerSecond"] = wordsPerSecond
        measures["round.bytesPerWord"] = bytesPerWord
        measures["round.divergence"] = divergence
        return measures
    }

    /// Numbers to four digits, for the log.
    fileprivate var sentence: String {
        measures.sorted { $0.key < $1.key }.map { name, value in
            ", \(name.dropFirst("round.".count)) \(value.toFourDigits)"
        }.joined()
    }
}

extension Double {
    fileprivate var toFourDigits: String {
        guard isFinite, magnitude < 1e12 else { return "\(self)" }
        if magnitude >= 1_000 { return "\(Int(rounded()))" }
        return "\((self * 10_000).rounded() / 10_000)"
    }
}
