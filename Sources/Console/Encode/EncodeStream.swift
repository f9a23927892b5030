// `sounder encode -`: documents from a pipe, vectors to a pipe, in this process and as they come.

import Documents
import Glibc
import Models
import Protocol
import Retrieval
import Tensors
import Transport

/// Reads what is there, encodes it, writes it, and reads on: the first vector leaves as soon as its
/// line has come.
struct EncodeStream {
    private let documents: DocumentArguments
    private let format: StreamFormat
    private let options: EncodingOptions
    private let reduction: TokenReduction
    private let folder: String
    private let threads: Int
    private static let readBytes = 64 << 10

    init(
        _ documents: DocumentArguments, _ format: StreamFormat, _ model: ModelArguments,
        _ tokens: TokenArguments, _ projection: ProjectionArguments, threads: Int?
    ) throws(Fault) {
        self.documents = documents
        self.format = format
        // Says what is missing in the same words as a job does.
        folder = try ModelFolder(named: model.model).path
        self.threads = threads ?? processorCount()
        var spec = EncodeDocuments(files: [], model: ModelFolder(path: "/", entries: []))
        model.apply(to: &spec)
        tokens.apply(to: &spec)
        try projection.apply(to: &spec)
        spec.idField = documents.idField
        spec.textFields = documents.textField
        if let format = documents.format { spec.format = format }
        if let complaint = spec.settingsComplaint { throw Fault(.usage, complaint) }
        if spec.format == "csv" {
            throw Fault(.usage, "encode - reads jsonl, txt or tsv; name a .csv file as --input")
        }
        options = try EncodingOptions(spec)
        reduction = TokenReduction(
            poolFactor: spec.poolFactor ?? 1, tokensMax: spec.keptTokens, protected: 1)
    }

    func run(isQuiet: Bool) throws {
        signal(SIGPIPE, SIG_IGN)
        let model: EmbeddingModel
        do throws(ModelError) {
            model = try EmbeddingModel(directory: folder, options: options)
        } catch { throw Fault(model: error) }
        var lines = InputLines(skipsLong: documents.onError == .skip)
        var totals = Totals()
        let output = VectorStream(format, isTokenLevel: options.isTokenLevel)
        var reader: DocumentReader?
        while let piece = try lines.next(readBytes: Self.readBytes) {
            // Blank lines are no documents, and do not tell of what format those are.
            if reader == nil, piece.bytes.allSatisfy(Self.isBlank) { continue }
            let known = try reader ?? self.reader(sniffing: piece.bytes)
            reader = known
            let range = RecordRange(
                bytes: 0..<piece.bytes.count, firstRecord: piece.line - 1, firstLine: piece.line,
                records: 0)
            let batch = piece.bytes.withUnsafeBytes { known.read($0, range) }
            totals.add(batch)
            let problem = documents.onError == .fail ? batch.problems.first : nil
            // What came before a bad document leaves before it is refused.
            let good = problem.map { batch.before(record: $0.record) } ?? batch
            if !good.entries.isEmpty {
                let encoded = try encode(good, model)
                let bad = refusal(of: good, encoded, model)
                totals.truncated += encoded.truncatedCount
                try output.write(good, encoded, documents: bad?.index ?? good.entries.count)
                if let bad { throw bad.fault }
            }
            if let problem { throw refusal(problem) }
        }
        totals.skipped += lines.skipped
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

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0d).contains(byte)
    }

    /// JSON if the first line begins like it, else a document a line.
    private func reader(sniffing bytes: [UInt8]) throws(Fault) -> DocumentReader {
        let first = bytes.first { !Self.isBlank($0) }
        let guess = first == UInt8(ascii: "{") ? DocumentFormat.jsonl : .txt
        let format = documents.format.flatMap { DocumentFormat(rawValue: $0) } ?? guess
        do throws(DocumentError) {
            return DocumentReader(
                try DocumentLayout(
                    format, DocumentFields(id: documents.idField, text: documents.textField)))
        } catch { throw Fault(.usage, "\(error)") }
    }

    private func refusal(_ problem: DocumentProblem) -> Fault {
        Fault(
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
        let encoded: EncodedTexts
        do throws(ModelError) { encoded = try result.get() } catch { throw Fault(model: error) }
        if reduction.isIdentity { return encoded }
        guard model.isNormalized else {
            throw Fault(
                .usage,
                "--pool-factor and --keep-tokens compare directions, and the model's vectors are "
                    + "not normalised; pass --normalize, too")
        }
        let left = reduction.reduce(
            encoded.vectors.baseAddress.assumingMemoryBound(to: Float.self),
            lengths: encoded.rowCounts, dimension: encoded.dimension, threads: threads,
            progress: WorkProgress())
        return encoded.with(rowCounts: left ?? [])
    }

    /// The first document that is not to be written, and why.
    private func refusal(
        of batch: DocumentBatch, _ encoded: EncodedTexts, _ model: EmbeddingModel
    ) -> (index: Int, fault: Fault)? {
        let broken = encoded.firstNotFinite
        let tooLong =
            documents.truncate == .allow
            ? nil : encoded.tokenCounts.firstIndex { Int($0) > model.maxLength }
        if let tooLong, tooLong < broken ?? .max {
            return (tooLong, overlong(batch.entries[tooLong], encoded.tokenCounts[tooLong], model))
        }
        return broken.map { index in
            let fault = Fault(
                .data,
                "standard input:\(batch.entries[index].line): the model gives a vector that is not "
                    + "finite; look at its weights, or choose another --precision")
            return (index, fault)
        }
    }

    private func overlong(
        _ document: DocumentBatch.Entry, _ tokens: Int32, _ model: EmbeddingModel
    ) -> Fault {
        Fault(
            .data,
            "standard input:\(document.line): the document has \(tokens) tokens, more than the "
                + "\(model.maxLength) that are encoded; split it, or pass --truncate allow")
    }
}

extension EncodedTexts {
    /// The first text with a number in its rows that is not finite.
    fileprivate var firstNotFinite: Int? {
        var row = 0
        for (index, rows) in rowCounts.enumerated() {
            let bytes = 4 * dimension
            let values = UnsafeRawBufferPointer(
                start: UnsafeRawPointer(vectors.baseAddress) + row * bytes,
                count: Int(rows) * bytes)
            if !StoredType.f32.isFinite(values) { return index }
            row += Int(rows)
        }
        return nil
    }
}
