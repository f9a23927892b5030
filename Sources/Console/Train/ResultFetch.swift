// Fetches what a training job has made and writes its vectors.

import ArgumentParser
import Client
import FoundationEssentials
import Protocol
import Tensors
import Transport
import WordJobs
import WordVectors

/// Which of a word's two vectors is written.
enum VectorLayer: String, ExpressibleByArgument, CaseIterable {
    case input, output
    /// Input and output vector added (Pennington, Socher, Manning: GloVe, 2014, section 4.2).
    case sum

    var needsOutputs: Bool { self != .input }
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
    ///   - layer: which vectors go to `destination`.
    ///   - outputs: where those of the output layer go, if they are wanted.
    ///   - checkpoint: where that goes from which a later training can go on, if it is wanted.
    ///   - cluster: the job's own, which must live meanwhile.
    /// - Returns: what was written to `destination`, and the course of the training if it is known.
    @discardableResult
    func save(
        _ status: JobStatus, _ layer: VectorLayer = .input, to destination: VectorDestination,
        outputs: VectorDestination? = nil, checkpoint: String? = nil,
        from cluster: LocalCluster? = nil
    ) async throws -> (table: WordVectorTable, history: TrainingHistory?) {
        let written = try await attended(cluster, interrupts: Interrupts.received) {
            try await withTaskCancellationHandler {
                try await onOwnThread("fetch") {
                    try write(status, layer, destination, outputs, checkpoint)
                }
            } onCancel: {
                // Whatever is being fetched fails, so that nobody waits for it.
                bulk.stop()
            }
        }
        guard let written else {
            throw Fault(.cancelled, "interrupted; \(destination.path) was not written")
        }
        return written
    }

    /// The payload `name` of the job, until the user interrupts.
    func payload(
        _ name: String, of status: JobStatus, from cluster: LocalCluster? = nil
    ) async throws -> [UInt8] {
        let bytes = try await attended(cluster, interrupts: Interrupts.received) {
            try await withTaskCancellationHandler {
                try await onOwnThread("fetch") { try fetch(name, of: status).bytes }
            } onCancel: {
                bulk.stop()
            }
        }
        guard let bytes else { throw Fault(.cancelled, "interrupted; nothing was written") }
        return bytes
    }

    private func write(
        _ status: JobStatus, _ layer: VectorLayer, _ destination: VectorDestination,
        _ outputs: VectorDestination?, _ checkpoint: String?
    ) throws -> (table: WordVectorTable, history: TrainingHistory?) {
        try reading {
            let needsOutputs = layer.needsOutputs || outputs != nil || checkpoint != nil
            let model = try model(
                of: status, withOutputs: needsOutputs || destination.format == .fastText)
            // Before anything is written in the place of something.
            if needsOutputs { try model.kept() }
            let table = try destination.write(model, layer)
            if let outputs { _ = try outputs.write(model, .output) }
            if let checkpoint { try model.writeCheckpoint(to: checkpoint) }
            return (table, try history(of: status))
        }
    }

    /// Nil for a job of a coordinator that kept none.
    private func history(of status: JobStatus) throws(Fault) -> TrainingHistory? {
        guard status.outputs.contains(where: { $0.name == "history" }) else { return nil }
        let data = Data(try fetch("history", of: status).bytes)
        do { return try JSONDecoder().decode(TrainingHistory.self, from: data) } catch {
            throw Fault(.data, "the history of job \(status.job) cannot be read: \(error)")
        }
    }

    private func model(
        of status: JobStatus, withOutputs: Bool
    ) throws -> TrainedModel {
        let ranked = try fetch("vocabulary", of: status).withUnsafeBytes { bytes in
            try CountTable(copying: bytes)
        }
        let vocabulary = try Vocabulary(ranked)
        let settings = try settings(of: status)
        let subwords = try settings.subwordTable(of: vocabulary)
        // The outputs of hierarchical softmax belong to no words.
        let isAsked = withOutputs && settings.loss == .negativeSampling
        let hasOutputs = isAsked && status.outputs.contains { $0.name == "output" }
        return TrainedModel(
            settings: settings, vocabulary: vocabulary, subwords: subwords,
            input: try matrix(
                "input", of: status, rows: subwords?.rowCount ?? vocabulary.count,
                settings.dimension),
            output: hasOutputs
                ? try matrix("output", of: status, rows: vocabulary.count, settings.dimension)
                : nil)
    }

    /// Those that the job was trained with, but for its files; of a model without windows, which
    /// has a vector a word, only what any model has.
    private func settings(of status: JobStatus) throws(Fault) -> TrainWords {
        guard status.outputs.contains(where: { $0.name == "settings" }) else {
            var plain = TrainWords(files: [])
            plain.dimension = Int(exactly: status.measures["dimension"] ?? 0) ?? 0
            guard (1...Limits.dimensionMax).contains(plain.dimension) else {
                throw Fault(.data, "job \(status.job) reports \(plain.dimension) dimensions")
            }
            return plain
        }
        let data = Data(try fetch("settings", of: status).bytes)
        guard let settings = try? JSONDecoder().decode(TrainWords.self, from: data),
            (1...Limits.dimensionMax).contains(settings.dimension)
        else { throw Fault(.data, "the settings of job \(status.job) cannot be read") }
        return settings
    }

    private func matrix(
        _ payload: String, of status: JobStatus, rows: Int, _ columns: Int
    ) throws -> Matrix {
        let matrix = try Matrix(rows: rows, columns: columns)
        let frame = try fetch(payload, of: status)
        guard frame.count == matrix.byteCount else {
            throw Fault(
                .data,
                "the vectors of job \(status.job) have \(frame.count) bytes instead of "
                    + "\(matrix.byteCount)")
        }
        frame.withUnsafeBytes { bytes in
            guard let source = bytes.baseAddress else { return }
            UnsafeMutableRawPointer(matrix.base).copyMemory(from: source, byteCount: bytes.count)
        }
        return matrix
    }

    func fetch(_ name: String, of status: JobStatus) throws(Fault) -> Frame {
        guard let output = status.outputs.first(where: { $0.name == name }) else {
            throw Fault(
                .payloadMissing,
                "job \(status.job) has no \(name); it may not be finished, or not "
                    + "have been asked for it")
        }
        return try bulk.fetch(
            output.payload, from: .coordinator, deadlineSeconds: Self.deadlineSeconds)
    }
}
