// One term of a query on its way through the passages.

/// Goes through the blocks of one term, forward only. A block is unpacked, and its scores are
/// computed, when somebody asks for a passage in it.
struct TermCursor {
    let weight: Float
    private let bytes: UnsafeRawBufferPointer
    private let blocks: Int
    private var block = 0
    /// Where the data of `block` begin in `bytes`.
    private var place: Int
    private(set) var header: BlockHeader
    private var isUnpacked = false
    /// Of the unpacked block.
    private var index = 0
    private let passages: UnsafeMutablePointer<UInt32>
    private let scores: UnsafeMutablePointer<Float>
    private let frequencies: UnsafeMutablePointer<UInt32>

    /// Numbers of scratch memory that one cursor needs.
    static let scratchCount = 3 * BlockHeader.postingsMax

    init(
        _ file: InvertedFile, term: Int, weight: Float, scratch: UnsafeMutablePointer<UInt32>
    ) {
        self.weight = weight
        bytes = file.postings(of: term)
        blocks = BlockHeader.blocks(of: Int(file.record(term).passages))
        place = blocks * BlockHeader.byteCount
        header = BlockHeader(bytes, at: 0)
        passages = scratch
        frequencies = scratch + BlockHeader.postingsMax
        scores = UnsafeMutableRawPointer(scratch + 2 * BlockHeader.postingsMax)
            .assumingMemoryBound(to: Float.self)
    }

    /// Whether there are no more passages.
    var isDone: Bool { block >= blocks }

    /// No passage that is still to come is before this one; some number past all at the end.
    var next: UInt32 {
        if isDone { return .max }
        return isUnpacked ? passages[index] : header.first
    }

    /// Leaves behind the blocks that end before `passage`, without unpacking them.
    @inline(__always)
    mutating func skip(to passage: UInt32) {
        while !isDone, header.last < passage { leaveBlock() }
    }

    @inline(__always)
    private mutating func leaveBlock() {
        place += header.dataBytes
        block += 1
        index = 0
        isUnpacked = false
        if !isDone { header = BlockHeader(bytes, at: block * BlockHeader.byteCount) }
    }

    /// The most that this term gives to any passage of `range`, without leaving or unpacking
    /// anything.
    func bound(_ formula: BM25Formula, before end: UInt32) -> Float {
        guard !isDone, header.first < end else { return 0 }
        var best = Self.bound(header, weight, formula)
        var ahead = block + 1
        var last = header.last
        while last < end, ahead < blocks {
            let header = BlockHeader(bytes, at: ahead * BlockHeader.byteCount)
            guard header.first < end else { break }
            best = max(best, Self.bound(header, weight, formula))
            last = header.last
            ahead += 1
        }
        return best
    }

    private static func bound(
        _ header: BlockHeader, _ weight: Float, _ formula: BM25Formula
    ) -> Float {
        if header.maxFrequency == .max { return weight }
        return formula.score(
            weight: weight, frequency: Float(header.maxFrequency),
            length: Float(header.minLength))
    }

    /// False if the block does not lie within the file: then the cursor is done.
    @inline(__always)
    private mutating func unpack(_ lengths: PassageLengths, _ formula: BM25Formula) -> Bool {
        if isUnpacked { return true }
        guard header.dataBytes <= bytes.count - place, let base = bytes.baseAddress else {
            block = blocks
            return false
        }
        header.unpack(base + place, passages: passages, frequencies: frequencies)
        let count = header.count
        for index in 0..<count { scores[index] = lengths[passages[index]] }
        for index in 0..<count {
            scores[index] = formula.score(
                weight: weight, frequency: Float(frequencies[index]), length: scores[index])
        }
        isUnpacked = true
        index = 0
        return true
    }

    /// Adds the scores of the passages from `start` on and before `start + count` to `sums`.
    @inline(__always)
    mutating func add(
        to sums: UnsafeMutablePointer<Float>, from start: UInt32, count: Int,
        _ lengths: PassageLengths, _ formula: BM25Formula
    ) {
        let end = start + UInt32(count)
        skip(to: start)
        while !isDone, header.first < end, unpack(lengths, formula) {
            let inBlock = header.count
            while index < inBlock {
                let passage = passages[index]
                if passage >= end { return }
                // Wraps to a large number for a passage that comes too early.
                let slot = Int(passage &- start)
                if slot < count { sums[slot] += scores[index] }
                index += 1
            }
            leaveBlock()
        }
    }

    /// The score of one passage, 0 if it lacks the term. Passages must be asked for in order.
    @inline(__always)
    mutating func score(
        of passage: UInt32, _ lengths: PassageLengths, _ formula: BM25Formula
    ) -> Float {
        skip(to: passage)
        guard !isDone, header.first <= passage, unpack(lengths, formula) else { return 0 }
        let inBlock = header.count
        while index < inBlock, passages[index] < passage { index += 1 }
        if index == inBlock {
            leaveBlock()
            return 0
        }
        return passages[index] == passage ? scores[index] : 0
    }
}

/// The lengths of a file's passages.
struct PassageLengths {
    private let base: UnsafeRawPointer
    private let last: UInt32

    /// Nil for a file without passages.
    init?(_ file: InvertedFile) {
        guard file.passageCount > 0, let start = file.bytes.baseAddress else { return nil }
        base = start + file.layout.lengthsOffset
        last = UInt32(file.passageCount - 1)
    }

    /// Any number is allowed; those past the end count as the last.
    @inline(__always)
    subscript(passage: UInt32) -> Float {
        let place = 4 * Int(min(passage, last))
        return Float(
            UInt32(littleEndian: base.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
    }
}
