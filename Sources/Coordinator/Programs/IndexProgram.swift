// Documents to an index: a round over a sample, which gives the centroids, and one over everything.

import Documents
import Protocol
import Transport

/// What is kept between the rounds is the codebook, on the disk: a job that is taken up again goes
/// on with the round that it was in, and leaves the same bytes.
final class IndexProgram: JobProgram {
    static let kind = "index"
    static let sampling = "sampling"
    static let coding = "indexing"
    private static let codebookName = "codebook"
    private let job: JobID
    private let spec: BuildIndex
    private let directory: JobDirectory
    private let payloads: PayloadTable
    private var source: ModelSource?
    private var plan: EncodingPlan?
    private var codebook: Frame?
    /// Of the first outputs that were looked at; all must agree.
    private var shape: EncodedShape?
    /// Of the segments that were looked at.
    private var fields = IndexFields()

    init(spec: BuildIndex, directory: JobDirectory, payloads: PayloadTable) {
        job = directory.job
        self.spec = spec
        self.directory = directory
        self.payloads = payloads
    }

    func plan(workers: Int) throws(Fault) -> Step {
        if let measures = IndexReduction.finished(in: payloads.resultsPath(of: job)) {
            return .completed(try result(measures))
        }
        let source = try ModelFiles(job: job, payloads: payloads).open(spec.documents.model)
        self.source = source
        let files = CorpusFiles(job: job, payloads: payloads)
        let plain = try files.expand(spec.documents.files, "there are no documents")
        let plan = try EncodingPlan(
            spec.documents, plain, model: source, corpus: "\(job)/corpus",
            metadata: spec.metadataFields)
        try UniqueIDs(spec.documents, plan, scratch: directory.path).check()
        self.plan = plan
        for (index, file) in plain.enumerated() {
            try files.offer(file.text, as: "\(job)/corpus/\(index)")
        }
        if let known = try givenCodebook(files) ?? directory.load(Self.codebookName) {
            return coding(plan, known)
        }
        let sample = SamplingPlan(of: plan, for: spec)
        return .round(
            Round(
                stage: Self.sampling, index: 0, count: 1,
                units: units(sample.chunks, codebook: nil), keepsOutputs: true),
            measures: ["records": Double(plan.records), "textBytes": Double(plan.bytes)])
    }

    private func givenCodebook(_ files: CorpusFiles) throws(Fault) -> Frame? {
        guard let file = spec.codebook else { return nil }
        try files.check(file)
        return try IndexReduction.codebook(at: file.path)
    }

    private func units(_ chunks: [EncodeChunk], codebook: PayloadReference?) -> [WorkUnit] {
        chunks.enumerated().map { index, chunk in
            let task = IndexChunk(
                chunk: chunk, settings: spec.settings, codebook: codebook,
                metadataFields: spec.metadataFields)
            return WorkUnit(
                task: .indexChunk(task), affinity: index, work: Double(chunk.bytes.count))
        }
    }

    private func coding(_ plan: EncodingPlan, _ codebook: Frame) -> Step {
        self.codebook = codebook
        let reference = payloads.bulk.offer(id: "\(job)/work/codebook", frame: codebook)
        return .round(
            Round(
                stage: Self.coding, index: 0, count: 1,
                units: units(plan.chunks, codebook: reference), keepsOutputs: true),
            measures: [
                "records": Double(plan.records), "textBytes": Double(plan.bytes),
                "modelBytes": Double(spec.documents.model.byteCount),
            ])
    }

    func prepare() throws(Fault) {}

    func check(_ outputs: [Frame], of stage: String) throws(Fault) {
        if stage == Self.sampling {
            var settings = spec.documents
            settings.dtype = "f32"
            settings.tokenLevel = true
            let found = try EncodedShape(checking: try outputs.output(0, of: 1), for: settings)
            try compare(found)
        } else {
            let documents = try outputs.output(0, of: 2)
            let segment = try outputs.output(1, of: 2)
            try IndexReduction.check(documents, segment)
            try fields.add(segment, wanted: spec.metadataFields ?? [])
        }
    }

    private func compare(_ found: EncodedShape) throws(Fault) {
        if let shape, shape != found {
            throw Fault(
                .data,
                "a sample of tokens is refused: it has \(found), and those that came before "
                    + "\(shape)")
        }
        shape = found
    }

    func reduce(_ round: Round, outputs: RoundOutputs, workers: Int) throws(Fault) -> Step {
        let gone = (0..<outputs.count).filter { outputs.frames(of: $0) == nil }
        if !gone.isEmpty { return .repeated(gone) }
        guard let source, let plan else {
            throw Fault(.internalError, "job \(job) lost its model")
        }
        let folder = payloads.resultsPath(of: job)
        try makeDirectory(folder)
        let reduction = IndexReduction(
            spec: spec, source: source, folder: folder, scratch: directory.path,
            isDurable: payloads.isDurable)
        if round.stage == Self.sampling {
            let codebook = try reduction.train(on: outputs, of: plan)
            try directory.save(codebook, as: Self.codebookName)
            return coding(plan, codebook)
        }
        guard let codebook else { throw Fault(.internalError, "job \(job) lost its codebook") }
        return .completed(try result(try reduction.write(round, outputs, codebook: codebook)))
    }

    private func result(_ measures: [String: Double]) throws(Fault) -> JobResult {
        JobResult(
            outputs: [try payloads.publishFiles(of: job, naming: IndexReduction.manifestName)],
            measures: measures)
    }
}
