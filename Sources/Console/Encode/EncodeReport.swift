// The figures of a job that encoded documents, for people and for scripts.

import Protocol

struct EncodeReport: Encodable {
    var job: String
    var output: String
    var documents: Int
    var tokens: Int
    var rows: Int
    var dimension: Int
    var dtype: String
    var shards: Int
    var truncated: Int
    var skipped: Int
    /// Of those skipped: documents with the id of an earlier one.
    var duplicates: Int
    var repaired: Int
    var maxLength: Int
    /// From planning to the last shard, without fetching.
    var seconds: Double
    var documentsPerSecond: Double
    var tokensPerSecond: Double
    /// Of all workers together, in the model.
    var secondsComputing: Double
    /// Between coordinator and workers, both ways.
    var bytesSent: Double
    var retries: Int

    init(_ status: JobStatus, _ manifest: CollectionManifest, output: String) {
        func figure(_ name: String) -> Double { status.measures[name] ?? 0 }
        job = status.job.text
        self.output = output
        documents = manifest.documents
        tokens = manifest.tokens
        rows = manifest.rows
        dimension = manifest.dimension
        dtype = manifest.dtype
        shards = manifest.shards.count
        truncated = manifest.truncated
        skipped = manifest.skipped
        duplicates = manifest.duplicates ?? 0
        repaired = manifest.repaired
        maxLength = manifest.maxLength
        seconds = figure("seconds.planning") + figure("seconds.embedding")
        documentsPerSecond = seconds > 0 ? Double(documents) / seconds : 0
        tokensPerSecond = seconds > 0 ? Double(tokens) / seconds : 0
        secondsComputing = figure("embedding.computeSeconds")
        bytesSent = figure("embedding.bytesSent") + figure("embedding.bytesReceived")
        retries = status.retries
    }

    func show(asJSON: Bool) throws(Fault) {
        if asJSON { return try Terminal.outputJSON(self) }
        Terminal.say(
            "encoded \(Double(documents).grouped) documents, \(Double(tokens).grouped) tokens in "
                + "\(seconds.fixed(1)) s: \(documentsPerSecond.fixed(1)) documents/s, "
                + "\(tokensPerSecond.grouped) tokens/s")
        for sentence in Self.remarks(
            documents: documents, truncated: truncated, maxLength: maxLength,
            skipped: skipped - duplicates, repaired: repaired, duplicates: duplicates)
        { Terminal.say(sentence) }
        Terminal.say(
            "wrote \(output): \(Double(rows).grouped) × \(dimension) \(dtype) in \(shards) "
                + "shard\(shards == 1 ? "" : "s")")
    }

    /// What nobody should have to look for.
    static func remarks(
        documents: Int, truncated: Int, maxLength: Int, skipped: Int, repaired: Int,
        duplicates: Int = 0
    ) -> [String] {
        var remarks: [String] = []
        if truncated > 0 {
            remarks.append(
                "\(Double(truncated).grouped) of \(Double(documents).grouped) documents were "
                    + "longer than \(maxLength) tokens and were cut")
        }
        if skipped > 0 {
            remarks.append(
                "\(Double(skipped).grouped) documents were malformed or empty and were skipped")
        }
        if duplicates > 0 {
            remarks.append(
                "\(Double(duplicates).grouped) documents had the id of an earlier one and were "
                    + "skipped")
        }
        if repaired > 0 {
            remarks.append(
                "\(Double(repaired).grouped) documents were not UTF-8 and were repaired")
        }
        return remarks
    }
}
