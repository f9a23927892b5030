// Candidates ranked again: one round over the collection, then the best of each query.

import Documents
import Protocol
import Transport

/// Plans as encoding does: by the files and the settings alone.
final class RerankProgram: JobProgram {
    static let kind = "rerank"
    static let stage = "reranking"
    private let job: JobID
    private let spec: RerankDocuments
    private let directory: JobDirectory
    private let payloads: PayloadTable

    init(spec: RerankDocuments, directory: JobDirectory, payloads: PayloadTable) {
        job = directory.job
        self.spec = spec
        self.directory = directory
        self.payloads = payloads
    }

    func plan(workers: Int) throws(Fault) -> Step {
        let source = try ModelFiles(job: job, payloads: payloads).open(spec.documents.model)
        let files = CorpusFiles(job: job, payloads: payloads)
        let plain = try files.expand(spec.documents.files, "there are no documents")
        let plan = try EncodingPlan(
            spec.documents, plain, model: source, corpus: "\(job)/corpus",
            metadata: spec.metadataFields)
        try UniqueIDs(spec.documents, plan, scratch: directory.path).check()
        for (index, file) in plain.enumerated() {
            try files.offer(file.text, as: "\(job)/corpus/\(index)")
        }
        for (name, file) in [("queries", spec.queries), ("run", spec.run)] {
            try files.check(file)
            try files.offer(file, as: "\(job)/corpus/\(name)")
        }
        let candidates = try RerankReduction.candidates(of: spec)
        let units = plan.chunks.enumerated().map { index, chunk in
            let task = RerankChunk(
                chunk: chunk, settings: spec.settings, queries: spec.queries,
                queriesPayload: "\(job)/corpus/queries", run: spec.run,
                runPayload: "\(job)/corpus/run", depth: spec.depth, filter: spec.filter,
                metadataFields: spec.metadataFields)
            return WorkUnit(
                task: .rerankChunk(task), affinity: index, work: Double(chunk.bytes.count))
        }
        return .round(
            Round(stage: Self.stage, index: 0, count: 1, units: units, keepsOutputs: true),
            measures: [
                "records": Double(plan.records), "textBytes": Double(plan.bytes),
                "pairs": Double(candidates),
            ])
    }

    func prepare() throws(Fault) {}

    func check(_ outputs: [Frame], of stage: String) throws(Fault) {
        try RerankReduction.check(
            try outputs.output(0, of: 2), try outputs.output(1, of: 2))
    }

    func reduce(_ round: Round, outputs: RoundOutputs, workers: Int) throws(Fault) -> Step {
        let gone = (0..<outputs.count).filter { outputs.frames(of: $0) == nil }
        if !gone.isEmpty { return .repeated(gone) }
        let (run, measures) = try RerankReduction(spec: spec).run(of: outputs, in: round)
        return .completed(
            JobResult(
                outputs: [try payloads.publish(Frame(run), name: "run", of: job)],
                measures: measures))
    }
}
