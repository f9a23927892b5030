// The end of a training job: its vectors fetched and written, its figures shown.

import Client
import Protocol
import Tensors
import Transport
import WordVectors

struct TrainingReport: Encodable {
    var job: String
    var output: String
    var vocabulary: Int
    var dimension: Int
    /// Occurrences of the vocabulary's words, over all epochs.
    var words: Double
    var seconds: Double
    var wordsPerSecond: Double
    var rounds: Int
    var partitions: Int
    var bytesSent: Double
    var secondsCounting: Double
    var secondsEncoding: Double
    var secondsTraining: Double
    var loss: Double?
    var retries: Int
    var overlongTokens: Double
    var replacedTokens: Double

    init(_ status: JobStatus, output: String) {
        func figure(_ name: String) -> Double { status.measures[name] ?? 0 }
        job = status.job.text
        self.output = output
        vocabulary = Int(figure("vocabulary"))
        dimension = Int(figure("dimension"))
        words = figure("training.words")
        secondsCounting = figure("seconds.counting")
        secondsEncoding = figure("seconds.encoding")
        secondsTraining = figure("seconds.training")
        seconds = secondsCounting + secondsEncoding + secondsTraining
        wordsPerSecond = secondsTraining > 0 ? words / secondsTraining : 0
        rounds = Int(figure("rounds"))
        partitions = Int(figure("partitions"))
        bytesSent = figure("training.bytesSent") + figure("training.bytesReceived")
        let lossCount = figure("training.lossCount")
        loss = lossCount > 0 ? figure("training.lossSum") / lossCount : nil
        retries = status.retries
        overlongTokens = figure("overlongTokens")
        replacedTokens = figure("replacedTokens")
    }

    func show(asJSON: Bool) throws(Fault) {
        if asJSON { return try Terminal.outputJSON(self) }
        Terminal.say(
            "trained \(Double(vocabulary).grouped) words × \(dimension) in \(seconds.fixed(1)) s "
                + "(counting \(secondsCounting.fixed(1)), encoding \(secondsEncoding.fixed(1)), "
                + "training \(secondsTraining.fixed(1))): \(wordsPerSecond.grouped) words/s")
        Terminal.say(
            "averaged \(partitions) partition\(partitions == 1 ? "" : "s") in \(rounds) "
                + "round\(rounds == 1 ? "" : "s"), \((bytesSent / max(words, 1)).fixed(0)) bytes "
                + "a word sent" + (loss.map { ", loss \($0.fixed(4))" } ?? ""))
        if overlongTokens > 0 {
            Terminal.say("dropped \(overlongTokens.grouped) words of more than 1,024 bytes")
        }
        if replacedTokens > 0 {
            Terminal.say("repaired \(replacedTokens.grouped) words that were not UTF-8")
        }
        Terminal.say("wrote \(output)")
    }
}

/// Fetches the payloads of a finished job and writes its vectors.
struct ResultFetch {
    let bulk: BulkExchange
    private static let deadlineSeconds = 3_600.0

    init(_ destination: Destination, context: Context) throws {
        let name = "fetch-\(UInt32.random(in: 0...UInt32.max))"
        bulk = try BulkExchange(
            connectingTo: destination.address.bulk(), as: WorkerID(name), role: .client,
            context: context, softwareVersion: softwareVersion, keys: destination.keys)
    }

    /// Writes the vectors of the job, until the user interrupts.
    ///
    /// - Parameters:
    ///   - outputs: where those of the output layer go, if they are wanted.
    ///   - cluster: the job's own, which must live meanwhile.
    func save(
        _ status: JobStatus, to destination: VectorDestination,
        outputs: VectorDestination? = nil, from cluster: LocalCluster? = nil
    ) async throws {
        let written: Void? = try await attended(cluster, interrupts: Interrupts.received) {
            try await withTaskCancellationHandler {
                try reading {
                    try write("input", of: status, to: destination)
                    if let outputs { try write("output", of: status, to: outputs) }
                }
            } onCancel: {
                // Whatever is being fetched fails, so that nobody waits for it.
                bulk.stop()
            }
        }
        guard written != nil else {
            throw Fault(.cancelled, "interrupted; \(destination.path) was not written")
        }
    }

    /// Writes the vectors named `payload` of the job to `destination`.
    private func write(
        _ payload: String, of status: JobStatus, to destination: VectorDestination
    ) throws {
        let ranked = try fetch("vocabulary", of: status).withUnsafeBytes { bytes in
            try CountTable(copying: bytes)
        }
        let vocabulary = try Vocabulary(ranked)
        let dimension = Int(status.measures["dimension"] ?? 0)
        guard (1...Limits.dimensionMax).contains(dimension) else {
            throw Fault(.data, "job \(status.job) reports \(dimension) dimensions")
        }
        let matrix = try Matrix(rows: vocabulary.count, columns: dimension)
        let frame = try fetch(payload, of: status)
        guard frame.count == matrix.byteCount else {
            throw Fault(
                .data, "the vectors of job \(status.job) have \(frame.count) bytes instead of "
                    + "\(matrix.byteCount)")
        }
        frame.withUnsafeBytes { bytes in
            guard let source = bytes.baseAddress else { return }
            UnsafeMutableRawPointer(matrix.base).copyMemory(from: source, byteCount: bytes.count)
        }
        try destination.write(try WordVectorTable(vocabulary, vectors: matrix))
    }

    func fetch(_ name: String, of status: JobStatus) throws(Fault) -> Frame {
        guard let output = status.outputs.first(where: { $0.name == name }) else {
            throw Fault(
                .payloadMissing, "job \(status.job) has no \(name); it may not be finished, or not "
                    + "have been asked for it")
        }
        return try bulk.fetch(
            output.payload, from: .coordinator, deadlineSeconds: Self.deadlineSeconds)
    }
}
