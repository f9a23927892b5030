// Documents to vectors: one round of chunks, then shards in the order of the input.

import Documents
import Protocol
import Transport

/// Everything is decided by the files and the settings, and nothing by the workers that happen to
/// be there: so a job that is taken up again plans the same round, and leaves the same bytes.
final class EncodeProgram: JobProgram {
    static let kind = "encode"
    static let stage = "embedding"
    private let job: JobID
    private let spec: EncodeDocuments
    private let directory: JobDirectory
    private let payloads: PayloadTable
    private var source: ModelSource?
    /// Of the first outputs that were looked at; all must agree.
    private var shape: EncodedShape?

    init(spec: EncodeDocuments, directory: JobDirectory, payloads: PayloadTable) {
        job = directory.job
        self.spec = spec
        self.directory = directory
        self.payloads = payloads
    }

    func plan(workers: Int) throws(Fault) -> Step {
        // Its end may have been lost with the process that had just written everything.
        if let manifest = ShardReduction.finishedManifest(in: payloads.resultsPath(of: job)) {
            return .completed(try result(manifest))
        }
        let source = try ModelFiles(job: job, payloads: payloads).open(spec.model)
        self.source = source
        let files = CorpusFiles(job: job, payloads: payloads)
        let plain = try files.expand(spec.files, "there are no documents")
        let plan = try EncodingPlan(spec, plain, model: source, corpus: "\(job)/corpus")
        try UniqueIDs(spec, plan, scratch: directory.path).check()
        for (index, file) in plain.enumerated() {
            try files.offer(file.text, as: "\(job)/corpus/\(index)")
        }
        let units = plan.chunks.enumerated().map { index, chunk in
            WorkUnit(
                task: .encodeChunk(chunk), affinity: index, work: Double(chunk.bytes.count))
        }
        return .round(
            Round(stage: Self.stage, index: 0, count: 1, units: units, keepsOutputs: true),
            measures: [
                "records": Double(plan.records), "textBytes": Double(plan.bytes),
                "modelBytes": Double(spec.model.byteCount),
            ])
    }

    func prepare() throws(Fault) {}

    func check(_ outputs: [Frame], of stage: String) throws(Fault) {
        let found = try EncodedShape(checking: try outputs.output(0, of: 1), for: spec)
        if let shape, shape != found {
            throw Fault(
                .data,
                "encoded documents are refused: they have \(found), and those that came "
                    + "before \(shape)")
        }
        shape = found
    }

    func reduce(
        _ round: Round, outputs: RoundOutputs, workers: Int
    ) throws(Fault) -> Step {
        guard let source else { throw Fault(.internalError, "job \(job) lost its model") }
        let gone = (0..<outputs.count).filter { outputs.frames(of: $0) == nil }
        if !gone.isEmpty { return .repeated(gone) }
        let folder = payloads.resultsPath(of: job)
        try makeDirectory(folder)
        let reduction = ShardReduction(
            spec: spec, source: source, folder: folder, scratch: directory.path,
            isDurable: payloads.isDurable)
        let manifest = try reduction.write(round, outputs)
        return .completed(try result(manifest))
    }

    private func result(_ manifest: CollectionManifest) throws(Fault) -> JobResult {
        JobResult(
            outputs: [
                try payloads.publishFiles(of: job, naming: CollectionManifest.fileName)
            ],
            measures: [
                "documents": Double(manifest.documents), "tokens": Double(manifest.tokens),
                "truncated": Double(manifest.truncated), "skipped": Double(manifest.skipped),
                "duplicates": Double(manifest.duplicates ?? 0),
                "repaired": Double(manifest.repaired), "dimension": Double(manifest.dimension),
                "rows": Double(manifest.rows), "shards": Double(manifest.shards.count),
                "maxLength": Double(manifest.maxLength),
            ])
    }
}
