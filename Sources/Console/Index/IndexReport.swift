// The figures of an index that was built or added to, for people and for scripts.

import Protocol
import Retrieval

struct IndexReport: Encodable {
    let job: String
    let output: String
    /// That were read for it.
    let documents: Int
    let truncated: Int
    let skipped: Int
    let repaired: Int
    let maxLength: Int
    /// Passages whose ids were there before.
    let replaced: Int
    /// Of the whole index.
    let passages: Int
    let tokens: Int
    let dimension: Int
    let form: String
    let segments: Int
    let bytes: Int
    let seconds: Double
    let documentsPerSecond: Double
    let secondsComputing: Double
    let bytesSent: Double
    let retries: Int

    init(_ status: JobStatus, _ manifest: IndexManifest, output: String, replaced: Int = 0) {
        func figure(_ name: String) -> Double { status.measures[name] ?? 0 }
        job = status.job.text
        self.output = output
        documents = status.count("documents")
        truncated = status.count("truncated")
        skipped = status.count("skipped")
        repaired = status.count("repaired")
        maxLength = status.count("maxLength")
        self.replaced = replaced
        passages = manifest.passages
        tokens = manifest.tokens
        dimension = manifest.dimension
        form = manifest.form.rawValue
        segments = manifest.segments.count
        bytes = manifest.files.reduce(0) { $0 + $1.bytes }
        seconds =
            figure("seconds.planning") + figure("seconds.sampling") + figure("seconds.indexing")
        documentsPerSecond = seconds > 0 ? Double(documents) / seconds : 0
        secondsComputing = figure("sampling.computeSeconds") + figure("indexing.computeSeconds")
        bytesSent =
            figure("sampling.bytesSent") + figure("indexing.bytesSent")
            + figure("sampling.bytesReceived") + figure("indexing.bytesReceived")
        retries = status.retries
    }

    func show(asJSON: Bool) throws(Fault) {
        if asJSON { return try Terminal.outputJSON(self) }
        Terminal.say(
            "indexed \(Double(documents).grouped) documents in \(seconds.fixed(1)) s: "
                + "\(documentsPerSecond.fixed(1)) documents/s")
        for sentence in EncodeReport.remarks(
            documents: documents, truncated: truncated, maxLength: maxLength, skipped: skipped,
            repaired: repaired)
        { Terminal.say(sentence) }
        if replaced > 0 {
            Terminal.say("\(Double(replaced).grouped) of them replaced documents of the same id")
        }
        Terminal.say(
            "wrote \(output): \(Double(passages).grouped) passages, "
                + "\(Double(tokens).grouped) tokens of \(dimension) × \(form) in \(segments) "
                + "segment\(segments == 1 ? "" : "s"), "
                + "\((Double(bytes) / 1e6).fixed(1)) MB")
    }
}
