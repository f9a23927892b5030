// `sounder encode -`: documents from a pipe, vectors to a pipe, in this process and as they come.

import Documents
import Files
import Glibc
import Models
import Protocol
import Transport

/// Reads what is there, encodes it, writes it, and reads on: the first vector leaves as soon as its
/// line has come.
struct EncodeStream {
    private let documents: DocumentArguments
    private let options: EncodingOptions
    private let folder: String
    private let threads: Int
    private static let readBytes = 64 << 10

    init(_ documents: DocumentArguments, _ model: ModelArguments, threads: Int?) throws(Fault) {
        self.documents = documents
        // Says what is missing in the same words as a job does.
        folder = try ModelFolder(named: model.model).path
        self.threads = threads ?? processorCount()
        var spec = EncodeDocuments(files: [], model: ModelFolder(path: "/", entries: []))
        model.apply(to: &spec)
        spec.idField = documents.idField
        spec.textFields = documents.textField
        if let format = documents.format { spec.format = format }
        if let complaint = spec.settingsComplaint { throw Fault(.usage, complaint) }
        if spec.format == "csv" {
            throw Fault(.usage, "encode - reads jsonl, txt or tsv; name a .csv file as --input")
        }
        options = try EncodingOptions(spec)
    }

    func run(isQuiet: Bool) throws {
        signal(SIGPIPE, SIG_IGN)
        let model: EmbeddingModel
        do throws(ModelError) {
            model = try EmbeddingModel(directory: folder, options: options)
        } catch { throw Fault(model: error) }
        var lines = InputLines()
        var totals = Totals()
        let output = VectorStream(
            documents.formatOut, isTokenLevel: options.isTokenLevel)
        var reader: DocumentReader?
        while let piece = try lines.next(readBytes: Self.readBytes) {
            let known = try reader ?? self.reader(sniffing: piece.bytes)
            reader = known
            let range = RecordRange(
                bytes: 0..<piece.bytes.count, firstRecord: piece.line - 1, firstLine: piece.line,
                records: 0)
            let batch = piece.bytes.withUnsafeBytes { known.read($0, range) }
            try refuse(batch.problems)
            totals.add(batch)
            if batch.entries.isEmpty { continue }
            let encoded = try encode(batch, model)
            try check(batch, encoded, model)
            totals.truncated += encoded.truncatedCount
            try output.write(batch, encoded)
        }
        guard !isQuiet else { return }
        for sentence in EncodeReport.remarks(
            documents: totals.documents, truncated: totals.truncated, maxLength: model.maxLength,
            skipped: totals.skipped, repaired: totals.repaired)
        { Terminal.say(sentence) }
    }

    private struct Totals {
        var documents = 0
        var skipped = 0
        var repaired = 0
        var truncated = 0

        mutating func add(_ batch: DocumentBatch) {
            documents += batch.entries.count
            skipped += batch.problems.count
            repaired += batch.repaired
        }
    }

    /// JSON if the first line begins like it, else a document a line.
    private func reader(sniffing bytes: [UInt8]) throws(Fault) -> DocumentReader {
        let first = bytes.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
        let guess = first == UInt8(ascii: "{") ? DocumentFormat.jsonl : .txt
        let format = documents.format.flatMap { DocumentFormat(rawValue: $0) } ?? guess
        do throws(DocumentError) {
            return DocumentReader(
                try DocumentLayout(
                    format, DocumentFields(id: documents.idField, text: documents.textField)))
        } catch { throw Fault(.usage, "\(error)") }
    }

    private func refuse(_ problems: [DocumentProblem]) throws(Fault) {
        guard documents.onError == .fail, let problem = problems.first else { return }
        throw Fault(
            .data,
            "standard input:\(problem.line): \(problem.reason); correct it, or pass "
                + "--on-error skip")
    }

    private func encode(
        _ batch: DocumentBatch, _ model: EmbeddingModel
    ) throws(Fault) -> EncodedTexts {
        let result = batch.bytes.withUnsafeBytes { bytes in
            Result { () throws(ModelError) in
                try model.encode(
                    batch.entries.map { UnsafeRawBufferPointer(rebasing: bytes[$0.text]) },
                    threads: threads, progress: EncodingProgress())
            }
        }
        do throws(ModelError) { return try result.get() } catch { throw Fault(model: error) }
    }

    private func check(
        _ batch: DocumentBatch, _ encoded: EncodedTexts, _ model: EmbeddingModel
    ) throws(Fault) {
        guard documents.truncate == .fail,
            let index = encoded.tokenCounts.firstIndex(where: { Int($0) > model.maxLength })
        else { return }
        throw Fault(
            .data,
            "standard input:\(batch.entries[index].line): the document has "
                + "\(encoded.tokenCounts[index]) tokens, more than the \(model.maxLength) that are "
                + "encoded; split it, or pass --truncate allow")
    }
}

/// Whole lines of standard input, as many as have come.
private struct InputLines {
    private var pending: [UInt8] = []
    private var line = 1
    private var isAtEnd = false
    private var isFirst = true

    /// Nil at the end. `line` is that of the first byte, from 1.
    mutating func next(readBytes: Int) throws(Fault) -> (bytes: [UInt8], line: Int)? {
        while !isAtEnd {
            let begun = pending.count
            try read(readBytes)
            let fresh = pending[begun...].lastIndex(of: 0x0a)
            guard let end = fresh.map({ $0 + 1 }) ?? (isAtEnd ? pending.count : nil), end > 0
            else {
                guard pending.count <= DocumentReader.recordBytesMax else {
                    throw Fault(
                        .data,
                        "standard input:\(line): a line is longer than "
                            + "\(DocumentReader.recordBytesMax) bytes, which is the limit")
                }
                continue
            }
            let whole = isAtEnd ? pending.count : end
            var piece = Array(pending[..<whole])
            pending.removeSubrange(..<whole)
            let start = line
            line += piece.count { $0 == 0x0a }
            if isFirst, piece.starts(with: [0xef, 0xbb, 0xbf]) { piece.removeSubrange(..<3) }
            isFirst = false
            return (piece, start)
        }
        return nil
    }

    private mutating func read(_ count: Int) throws(Fault) {
        var got = 0
        let before = pending.count
        pending.append(contentsOf: repeatElement(0, count: count))
        repeat {
            got = pending.withUnsafeMutableBytes { bytes in
                Glibc.read(STDIN_FILENO, bytes.baseAddress.map { $0 + before }, count)
            }
        } while got < 0 && errno == EINTR
        pending.removeSubrange((before + max(got, 0))...)
        guard got >= 0 else {
            throw Fault(
                .input, "standard input cannot be read: \(String(cString: strerror(errno)))")
        }
        isAtEnd = got == 0
    }
}
