// Writes a segment passage by passage, in bounded memory.

public import Files
import Tensors

/// What a segment is, once it is written.
public struct SegmentSummary: Sendable, Equatable {
    public let path: String
    public let byteCount: Int
    public let passages: Int
    public let tokens: Int
}

/// Collects passages in scratch files beside the segment, which appears complete or not at all.
///
/// Memory: the scratch files' buffers, and 4 bytes a passage while ids are sorted at the end.
public final class SegmentWriter {
    public let path: String
    public let encoder: TokenEncoder
    public let dense: DenseSettings?
    public private(set) var passages = 0
    public private(set) var tokens = 0

    /// The fields of the passages, appended beside them by who appends these; nil keeps none.
    public var metadata: MetadataBuilder?

    /// Whether passages may have the same id: of a segment that is merged, without all but one of
    /// them, before anybody looks one up.
    public var idsMayRepeat = false

    let starts: ScratchFile
    let centroids: ScratchFile
    let rows: ScratchFile
    let factors: ScratchFile
    let idStarts: ScratchFile
    let ids: ScratchFile
    let denseRows: ScratchFile
    let store: PassageStoreWriter

    /// The most tokens of a passage.
    public static let tokensMax = 1 << 20

    /// - Throws: `.file` when the directory cannot be written.
    public init(
        path: String, encoder: TokenEncoder, dense: DenseSettings? = nil
    ) throws(IndexError) {
        self.path = path
        self.encoder = encoder
        self.dense = dense
        do {
            starts = try ScratchFile(beside: path)
            centroids = try ScratchFile(beside: path)
            rows = try ScratchFile(beside: path)
            factors = try ScratchFile(beside: path)
            idStarts = try ScratchFile(beside: path)
            ids = try ScratchFile(beside: path)
            denseRows = try ScratchFile(beside: path)
            store = try PassageStoreWriter(beside: path)
            try starts.append(UInt32(0))
            try idStarts.append(UInt64(0))
        } catch {
            throw .file(error)
        }
    }

    /// Encodes and appends passages with the token vectors of each.
    ///
    /// - Throws: `.vectors`, `.limit`, `.mismatch`, `.file`.
    public func append(
        _ passages: [(passage: Passage, tokens: TokenMatrix)], threads: Int = 1
    ) throws(IndexError) {
        for (_, tokens) in passages where tokens.dimension != encoder.dimension {
            throw .vectors(
                .dimension(found: tokens.dimension, expected: "\(encoder.dimension)"))
        }
        let all = TokenMatrix(
            checked: encoder.dimension, passages.flatMap { $0.tokens.values })
        let encoded: EncodedTokens
        do { encoded = try encoder.encode(all, threads: threads) } catch { throw .vectors(error) }
        var first = 0
        for (passage, tokens) in passages {
            try append(passage, encoded.slice(first..<first + tokens.count, encoder.dimension))
            first += tokens.count
        }
    }

    /// Appends a passage whose tokens `encoder` has encoded.
    ///
    /// - Throws: `.limit`, `.mismatch`, `.file`.
    public func append(_ passage: Passage, _ tokens: EncodedTokens) throws(IndexError) {
        let vector = try packDense(passage)
        let appended = vector.withUnsafeBytes { raw in
            Result { () throws(IndexError) in try append(passage, tokens, dense: raw) }
        }
        try appended.get()
    }

    /// Appends a passage with the stored bytes of its dense vector.
    func append(
        _ passage: Passage, _ tokens: EncodedTokens, dense vector: UnsafeRawBufferPointer
    ) throws(IndexError) {
        precondition(tokens.form == encoder.form, "\(tokens.form) tokens, not \(encoder.form)")
        try check(passage, tokens.count)
        do {
            try centroids.append(littleEndian(tokens.centroids))
            try rows.append(tokens.rows)
            try factors.append(tokens.factors)
            try denseRows.append(vector)
            try ids.append(Array(passage.id.utf8))
            try idStarts.append(UInt64(ids.byteCount))
            try store.append(text: passage.text, metadata: passage.metadata)
            try starts.append(UInt32(self.tokens + tokens.count))
        } catch {
            throw .file(error)
        }
        passages += 1
        self.tokens += tokens.count
    }

    private func check(_ passage: Passage, _ count: Int) throws(IndexError) {
        let text = (passage.text?.utf8.count ?? 0) + (passage.metadata?.utf8.count ?? 0)
        let sizes = [
            ("bytes of its id", passage.id.utf8.count, Passage.idBytesMax),
            ("bytes of text", text, Passage.textBytesMax),
            ("tokens", count, Self.tokensMax),
            ("tokens before it in the segment", tokens, SegmentHeader.countMax - count),
            ("passages before it in the segment", passages, SegmentHeader.countMax - 1),
        ]
        for (what, found, limit) in sizes where found > limit {
            throw .limit(
                id: String(passage.id.prefix(40)), what: what, found: found, limit: limit)
        }
    }

    private func packDense(_ passage: Passage) throws(IndexError) -> [UInt8] {
        guard passage.dense?.count == dense?.dimension else {
            throw .mismatch(
                path: path, what: "a dense vector for \"\(passage.id)\" of",
                found: "\(passage.dense?.count ?? 0)", expected: "\(dense?.dimension ?? 0)")
        }
        guard let dense, let vector = passage.dense else { return [] }
        guard vector.allSatisfy(\.isFinite) else { throw .vectors(.notFinite(token: 0)) }
        var bytes = [UInt8](repeating: 0, count: dense.type.rowBytes(dense.dimension))
        let fits = bytes.withUnsafeMutableBytes { raw in
            raw.baseAddress.map {
                dense.type.pack(vector, rows: 1, dimension: dense.dimension, to: $0)
            } ?? true
        }
        guard fits else {
            throw .mismatch(
                path: path, what: "a dense vector for \"\(passage.id)\" of length",
                found: "other than 1", expected: "1, for it is kept in 8 bits")
        }
        return bytes
    }

    private func littleEndian(_ numbers: [UInt16]) -> [UInt8] {
        // Every machine this runs on is little-endian already.
        numbers.withUnsafeBytes { Array($0) }
    }
}

extension EncodedTokens {
    /// The tokens of `range`.
    func slice(_ range: Range<Int>, _ dimension: Int) -> EncodedTokens {
        let (row, factor) = (form.rowBytes(dimension), form.factorBytes)
        var part = EncodedTokens(form: form)
        part.centroids = Array(centroids[range])
        part.rows = Array(rows[range.lowerBound * row..<range.upperBound * row])
        part.factors = Array(factors[range.lowerBound * factor..<range.upperBound * factor])
        return part
    }
}
