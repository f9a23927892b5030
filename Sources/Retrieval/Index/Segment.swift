// Reads a segment in place. What the header tells is checked at opening, the rest where it is used.

import Files
import Tensors

/// A mapped segment. Immutable, for any number of threads.
public final class Segment: Sendable {
    public let path: String
    public let passages: Int
    public let tokens: Int
    public let byteCount: Int
    public let encoder: TokenEncoder
    public let dense: DenseSettings?
    /// Fields of the passages; nil if it has none.
    public let metadata: MetadataTable?
    /// Nil where all dense vectors are looked at, in the order of passages.
    let denseLists: DenseLists?
    /// Keeps `all` alive.
    private let owner: any AnyObject & Sendable
    nonisolated(unsafe) private let all: UnsafeRawBufferPointer
    private let sections: [String: Range<Int>]

    // `[passages + 1]`, `[tokens]`, `[centroids + 1]`
    nonisolated(unsafe) let starts: UnsafeBufferPointer<UInt32>
    nonisolated(unsafe) let centroids: UnsafeBufferPointer<UInt16>
    nonisolated(unsafe) let listStarts: UnsafeBufferPointer<UInt32>
    nonisolated(unsafe) let lists: UnsafeBufferPointer<UInt32>
    nonisolated(unsafe) let idStarts: UnsafeBufferPointer<UInt64>
    nonisolated(unsafe) let idOrder: UnsafeBufferPointer<UInt32>

    /// Maps the file and checks header, sections, their lengths and their ends, which takes no
    /// longer for large files.
    ///
    /// - Throws: `.file`; `.mismatch` when another encoder wrote it.
    public convenience init(path: String, encoder: TokenEncoder) throws(IndexError) {
        let file = try wrapping { () throws(FileError) in try MappedFile(path: path) }
        try self.init(file.bytes, keeping: file, path: path, encoder: encoder)
    }

    /// The same of bytes that are there already.
    ///
    /// - Parameters:
    ///   - owner: keeps the bytes valid as long as it lives.
    ///   - path: names them in errors.
    public init(
        _ all: UnsafeRawBufferPointer, keeping owner: any AnyObject & Sendable, path: String,
        encoder: TokenEncoder
    ) throws(IndexError) {
        self.path = path
        self.encoder = encoder
        self.all = all
        self.owner = owner
        let header = try wrapping { () throws(FileError) in
            try SegmentHeader.decode(all, path: path)
        }
        guard header.fingerprint == encoder.fingerprint, header.form == encoder.form,
            header.dimension == encoder.dimension, header.centroids == encoder.centroids.count
        else {
            throw .mismatch(
                path: path, what: "the encoder", found: String(header.fingerprint, radix: 16),
                expected: String(encoder.fingerprint, radix: 16))
        }
        passages = header.passages
        tokens = header.tokens
        byteCount = header.byteCount
        dense = header.dense
        let parts = SegmentSections(all: all, path: path, header: header)
        sections = parts.ranges
        do {
            starts = try parts.array("starts", passages + 1)
            centroids = try parts.array("centroids", tokens)
            listStarts = try parts.array("ivf.starts", header.centroids + 1)
            lists = try parts.array("ivf.passages", Int(listStarts[header.centroids]))
            idStarts = try parts.array("ids.starts", passages + 1)
            idOrder = try parts.array("ids.order", passages)
            try parts.check(header, starts, listStarts, idStarts)
            metadata = try parts.metadata(keeping: owner)
            denseLists = try parts.denseLists()
        } catch {
            throw .file(error)
        }
    }

    /// The bytes of a section, empty when there is none. Valid as long as this object lives.
    func bytes(_ name: String) -> UnsafeRawBufferPointer {
        guard let range = sections[name] else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return UnsafeRawBufferPointer(rebasing: all[range])
    }

    /// How many passages the header of a segment tells of.
    ///
    /// - Throws: `.file` if it is no header.
    public static func passages(
        inHeader bytes: UnsafeRawBufferPointer, path: String
    ) throws(IndexError) -> Int {
        try wrapping { () throws(FileError) in
            try SegmentHeader.decode(bytes, path: path).passages
        }
    }

    /// The inverted file over words that the writer was given; nil when it was not. Valid as long
    /// as this object lives.
    public var words: UnsafeRawBufferPointer? {
        sections["words"] == nil ? nil : bytes("words")
    }

    func malformed(_ section: String, _ reason: String) -> IndexError {
        .file(
            .malformed(path: path, offset: sections[section]?.lowerBound ?? 0, reason: reason))
    }

    /// Where the tokens of a passage lie.
    ///
    /// - Throws: `.malformed` when they lie outside the segment, or have centroids that there are
    ///   not.
    func tokens(of passage: Int) throws(IndexError) -> Range<Int> {
        let (begin, end) = (Int(starts[passage]), Int(starts[passage + 1]))
        guard begin <= end, end <= tokens else {
            throw malformed("starts", "passage \(passage) lies outside the segment")
        }
        var greatest: UInt16 = 0
        for token in begin..<end { greatest = max(greatest, centroids[token]) }
        guard begin == end || Int(greatest) < encoder.centroids.count else {
            throw malformed("centroids", "passage \(passage) has centroid \(greatest)")
        }
        return begin..<end
    }

    /// All tokens, as MaxSim takes them; the memory is this object's.
    var stored: StoredTokens? {
        guard let rows = bytes("rows").baseAddress, let places = centroids.baseAddress else {
            return nil
        }
        let factors = bytes("factors")
        let form: StoredTokens.Form
        switch encoder.form {
        case .f32: form = .f32(rows.assumingMemoryBound(to: Float.self))
        case .bf16: form = .bf16(rows)
        case .int8:
            guard let base = factors.baseAddress else { return nil }
            form = .int8(
                rows.assumingMemoryBound(to: UInt8.self),
                factors: base.assumingMemoryBound(to: Float.self))
        case .residual2, .residual4, .residual8:
            guard let base = factors.baseAddress, let codec = encoder.codec else { return nil }
            form = .residual(
                ResidualTokens(
                    codec: codec, centroids: places,
                    codes: rows.assumingMemoryBound(to: UInt8.self), factors: base))
        }
        return StoredTokens(form, count: tokens, dimension: encoder.dimension)
    }
}

/// The sections of a segment while it is opened.
private struct SegmentSections {
    let all: UnsafeRawBufferPointer
    let path: String
    let header: SegmentHeader
    let ranges: [String: Range<Int>]

    init(all: UnsafeRawBufferPointer, path: String, header: SegmentHeader) {
        self.all = all
        self.path = path
        self.header = header
        ranges = Dictionary(
            header.sections.map { ($0.name, $0.offset..<$0.offset + $0.length) },
            uniquingKeysWith: { first, _ in first })
    }

    /// A section of exactly `count` numbers.
    func array<Number: FixedWidthInteger>(
        _ name: String, _ count: Int
    ) throws(FileError) -> UnsafeBufferPointer<Number> {
        let range = try section(name, count * MemoryLayout<Number>.size)
        return UnsafeRawBufferPointer(rebasing: all[range]).bindMemory(to: Number.self)
    }

    @discardableResult
    func section(_ name: String, _ length: Int) throws(FileError) -> Range<Int> {
        guard let range = ranges[name], range.count == length else {
            throw fail(name, "\(ranges[name]?.count ?? 0) bytes of \(length)")
        }
        return range
    }

    func fail(_ name: String, _ reason: String) -> FileError {
        .malformed(
            path: path, offset: ranges[name]?.lowerBound ?? 0,
            reason: "section \(name): \(reason)")
    }

    func metadata(keeping owner: any AnyObject & Sendable) throws(FileError) -> MetadataTable? {
        guard let range = ranges["metadata"] else { return nil }
        do throws(MetadataError) {
            let table = try MetadataTable(
                UnsafeRawBufferPointer(rebasing: all[range]), keeping: owner)
            guard table.passages == header.passages else {
                throw .malformed("it is of \(table.passages) passages of \(header.passages)")
            }
            return table
        } catch { throw fail("metadata", "\(error)") }
    }

    func check(
        _ header: SegmentHeader, _ starts: UnsafeBufferPointer<UInt32>,
        _ listStarts: UnsafeBufferPointer<UInt32>, _ idStarts: UnsafeBufferPointer<UInt64>
    ) throws(FileError) {
        guard starts[0] == 0, Int(starts[header.passages]) == header.tokens else {
            throw fail("starts", "it does not span the tokens")
        }
        guard listStarts[0] == 0 else { throw fail("ivf.starts", "it does not begin with 0") }
        guard idStarts[0] == 0, idStarts[header.passages] == UInt64(ranges["ids"]?.count ?? 0)
        else { throw fail("ids.starts", "it does not span the ids") }
        try section("rows", header.tokens * header.form.rowBytes(header.dimension))
        try section("factors", header.tokens * header.form.factorBytes)
        let blocks = (ranges["store.firsts"]?.count ?? 0) / 4
        guard blocks >= 1, ranges["store.firsts"]?.count == 4 * blocks,
            ranges["store.starts"]?.count == 8 * blocks, ranges["store.blocks"] != nil
        else { throw fail("store.firsts", "it does not fit the blocks") }
    }

    func denseLists() throws(FileError) -> DenseLists? {
        let vector = header.dense.map { $0.type.rowBytes($0.dimension) } ?? 0
        guard let dense = header.dense, ranges["dense.listed"] != nil else {
            try section("dense", header.passages * vector)
            return nil
        }
        try section("dense.listed", header.passages * vector)
        let count = (ranges["dense.starts"]?.count ?? 0) / 4 - 1
        guard (1...Centroids.countMax).contains(count) else {
            throw fail("dense.starts", "\(count) lists")
        }
        let centroids = try section("dense.centroids", 4 * count * dense.dimension)
        let starts: UnsafeBufferPointer<UInt32> = try array("dense.starts", count + 1)
        guard starts[0] == 0, Int(starts[count]) == header.passages,
            let base = UnsafeRawBufferPointer(rebasing: all[centroids]).baseAddress
        else { throw fail("dense.starts", "it does not span the passages") }
        return DenseLists(
            dimension: dense.dimension, centroids: base.assumingMemoryBound(to: Float.self),
            starts: starts, passages: try array("dense.order", header.passages),
            rows: try array("dense.rows", header.passages))
    }
}
