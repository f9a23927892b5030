// The bytes of an inverted file, from terms in order.

import Files

/// Writes postings as they come and the rest at the end. Holds the dictionary, 24 bytes and the
/// term's own for each, and the lengths of all passages.
struct InvertedFileWriter {
    typealias Sink = (UnsafeRawBufferPointer) throws(FileError) -> Void

    private let sink: Sink
    private let analysis: WordAnalysis
    private let lengths: [UInt32]
    private var layout = InvertedFileLayout()
    private var records: [UInt8] = []
    private var blocks: [UInt8] = []
    private var terms: [UInt8] = []
    private var previous: [UInt8] = []
    /// Bytes that are not with the sink yet; `written` are.
    private var pending = InvertedFileLayout.head
    private var data: [UInt8] = []
    private var written = 0

    private static let pieceBytes = 1 << 20

    /// - Parameter lengths: of every passage.
    init(_ analysis: WordAnalysis, lengths: [UInt32], sink: @escaping Sink) {
        self.sink = sink
        self.analysis = analysis
        self.lengths = lengths
        layout.passages = UInt32(lengths.count)
        layout.totalLength = lengths.reduce(0) { $0 + Int($1) }
    }

    private var position: Int { written + pending.count }

    /// Takes the next term: after the one before by its bytes, with at least one posting, passages
    /// ascending.
    mutating func add(
        _ term: [UInt8], _ postings: ArraySlice<Posting>
    ) throws(WordsError) {
        precondition(
            term.count <= WordAnalysis.bytesMax && !postings.isEmpty,
            "a term of \(term.count) bytes with \(postings.count) postings")
        let isFirst = Int(layout.terms) % InvertedFileLayout.blockTerms == 0
        if isFirst { blocks.append(little: UInt64(terms.count)) }
        TermIterator.append(term, after: isFirst ? nil : previous, to: &terms)
        previous = term
        layout.terms += 1
        layout.postings += postings.count
        try append(postings)
    }

    private mutating func append(_ postings: ArraySlice<Posting>) throws(WordsError) {
        let offset = position - InvertedFileLayout.postingsOffset
        var maxFrequency: UInt32 = 0
        var minLength = UInt32.max
        data.removeAll(keepingCapacity: true)
        var start = postings.startIndex
        while start < postings.endIndex {
            let end = min(start + BlockHeader.postingsMax, postings.endIndex)
            let block = postings[start..<end]
            let header = BlockHeader(block, lengths: lengths)
            header.append(to: &pending)
            header.appendData(block, to: &data)
            for posting in block { maxFrequency = max(maxFrequency, posting.frequency) }
            minLength = min(minLength, header.minLength)
            start = end
        }
        TermRecord(
            offset: offset, passages: UInt32(postings.count), maxFrequency: maxFrequency,
            minLength: minLength
        ).append(to: &records)
        pending += data
        if pending.count >= Self.pieceBytes { try flush() }
    }

    /// Writes everything that is not postings.
    mutating func finish() throws(WordsError) {
        layout.postingBytes = position - InvertedFileLayout.postingsOffset
        layout.lengthsOffset = try begin()
        for length in lengths {
            pending.append(little: length)
            if pending.count >= Self.pieceBytes { try flush() }
        }
        layout.recordsOffset = try append(records)
        blocks.append(little: UInt64(terms.count))
        layout.blocksOffset = try append(blocks)
        layout.termBytes = terms.count
        layout.termsOffset = try append(terms)
        let text = Array(analysis.description.utf8)
        layout.analysisBytes = text.count
        layout.analysisOffset = try append(text)
        layout.fileBytes = try begin() + InvertedFileLayout.byteCount
        pending += layout.bytes
        try flush()
    }

    /// Fills up to where a part may begin.
    private mutating func begin() throws(WordsError) -> Int {
        let over = position % InvertedFileLayout.alignment
        if over != 0 {
            pending += [UInt8](repeating: 0, count: InvertedFileLayout.alignment - over)
        }
        return position
    }

    private mutating func append(_ part: [UInt8]) throws(WordsError) -> Int {
        let offset = try begin()
        try flush()
        try pass(part)
        return offset
    }

    private mutating func flush() throws(WordsError) {
        let bytes = pending
        pending.removeAll(keepingCapacity: true)
        try pass(bytes)
    }

    private mutating func pass(_ bytes: [UInt8]) throws(WordsError) {
        let sink = sink
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(FileError) in try sink(raw) }
        }
        do { try result.get() } catch { throw .file(error) }
        written += bytes.count
    }
}
