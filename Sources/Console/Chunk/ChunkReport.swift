// The figures of documents that were cut, for people and for scripts.

import Documents
import Protocol

struct ChunkReport: Encodable {
    let output: String
    let parentsOutput: String?
    let lateVectors: String?
    var documents = 0
    var chunks = 0
    var parents = 0
    /// Of chunks, with special tokens, prompt and what is repeated.
    var tokens = 0
    var meanTokens = 0.0
    /// Chunks of white space alone, which were not written.
    var blank = 0
    var skipped = 0
    var repaired = 0
    var seconds = 0.0 {
        didSet { documentsPerSecond = seconds > 0 ? Double(documents) / seconds : 0 }
    }
    var documentsPerSecond = 0.0

    init(output: String, parentsOutput: String?, lateVectors: String?) {
        self.output = output
        self.parentsOutput = parentsOutput
        self.lateVectors = lateVectors
    }

    mutating func add(_ batch: DocumentBatch, _ written: WrittenBatch) {
        documents += written.documents.count
        for document in written.documents {
            chunks += document.ids.count
            parents += document.parentCount
            tokens += document.tokens
            blank += document.blank
        }
        meanTokens = chunks > 0 ? Double(tokens) / Double(chunks) : 0
        skipped += written.skipped
        repaired += batch.repaired
    }

    func show(asJSON: Bool) throws(Fault) {
        if asJSON { return try Terminal.outputJSON(self) }
        Terminal.say(
            "cut \(Double(documents).grouped) documents into \(Double(chunks).grouped) chunks of "
                + "\(meanTokens.fixed(1)) tokens in \(seconds.fixed(1)) s: "
                + "\(documentsPerSecond.fixed(1)) documents/s")
        if blank > 0 {
            Terminal.say(
                "\(Double(blank).grouped) chunks were white space alone and were not written")
        }
        for sentence in EncodeReport.remarks(
            documents: documents, truncated: 0, maxLength: 0, skipped: skipped, repaired: repaired)
        { Terminal.say(sentence) }
        if let parentsOutput {
            Terminal.say("wrote \(parentsOutput): \(Double(parents).grouped) parents")
        }
        if let lateVectors { Terminal.say("wrote \(lateVectors): a vector for each chunk") }
        Terminal.say("wrote \(output)")
    }
}
