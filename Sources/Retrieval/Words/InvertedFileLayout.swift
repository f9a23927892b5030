// Where the parts of an inverted file lie, and the check that they lie within it.

/// The last 128 bytes of an inverted file. Parts begin at multiples of 64 bytes from its start, in
/// this order: 64 bytes that say what it is, postings, lengths of passages (u32), records of terms,
/// offsets of blocks of terms (u64, one more than there are blocks), terms, the analysis as text.
/// All numbers are little-endian.
struct InvertedFileLayout: Equatable {
    static let byteCount = 128
    static let alignment = 64
    /// "SounderW"
    static let magic: UInt64 = 0x5772_6564_6E75_6F53
    static let version: UInt32 = 1
    /// Terms of a block; the first is whole, the others share beginnings.
    static let blockTerms = 16

    var fileBytes = 0
    var passages: UInt32 = 0
    var terms: UInt32 = 0
    var totalLength = 0
    var postings = 0
    var postingBytes = 0
    var lengthsOffset = 0
    var recordsOffset = 0
    var blocksOffset = 0
    var termsOffset = 0
    var termBytes = 0
    var analysisOffset = 0
    var analysisBytes = 0

    static let postingsOffset = alignment
    var blocks: Int { (Int(terms) + Self.blockTerms - 1) / Self.blockTerms }

    private static let numbers: [any WritableKeyPath<InvertedFileLayout, Int> & Sendable] = [
        \.totalLength, \.postings, \.postingBytes, \.lengthsOffset, \.recordsOffset, \.blocksOffset,
        \.termsOffset, \.termBytes, \.analysisOffset, \.analysisBytes,
    ]

    static var head: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(little: magic)
        bytes.append(little: version)
        return bytes + [UInt8](repeating: 0, count: alignment - bytes.count)
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(little: Self.magic)
        bytes.append(little: Self.version)
        bytes.append(little: UInt32(0))
        bytes.append(little: UInt64(fileBytes))
        bytes.append(little: passages)
        bytes.append(little: terms)
        for number in Self.numbers { bytes.append(little: UInt64(self[keyPath: number])) }
        return bytes + [UInt8](repeating: 0, count: Self.byteCount - bytes.count)
    }

    init() {}

    /// Reads the end of `file` and checks that every part lies within the file.
    init(reading file: UnsafeRawBufferPointer) throws(WordsError) {
        let end = file.count - Self.byteCount
        guard end >= Self.alignment else {
            throw .malformed(reason: "\(file.count) bytes are too few")
        }
        let heads = [0, end]
        for head in heads {
            guard file.little(at: head, UInt64.self) == Self.magic else {
                throw .malformed(reason: "its mark is missing at byte \(head)")
            }
            guard file.little(at: head + 8, UInt32.self) == Self.version else {
                throw .malformed(reason: "its version is not \(Self.version)")
            }
        }
        guard file.little(at: end + 16, UInt64.self) == UInt64(file.count) else {
            throw .malformed(reason: "it was not made with \(file.count) bytes")
        }
        fileBytes = file.count
        passages = file.little(at: end + 24, UInt32.self)
        terms = file.little(at: end + 28, UInt32.self)
        for (index, number) in Self.numbers.enumerated() {
            let value = file.little(at: end + 32 + 8 * index, UInt64.self)
            guard value <= UInt64(Int.max) else {
                throw .malformed(reason: "a number is too large")
            }
            self[keyPath: number] = Int(value)
        }
        try check(end)
    }

    private func check(_ end: Int) throws(WordsError) {
        let parts = [
            ("postings", Self.postingsOffset, postingBytes),
            ("lengths", lengthsOffset, 4 * Int(passages)),
            ("records of terms", recordsOffset, TermRecord.byteCount * Int(terms)),
            ("blocks of terms", blocksOffset, 8 * (blocks + 1)),
            ("terms", termsOffset, termBytes),
            ("analysis", analysisOffset, analysisBytes),
        ]
        for (name, offset, count) in parts {
            guard offset % Self.alignment == 0, count <= end, offset <= end - count else {
                throw .malformed(reason: "its \(name) would lie outside")
            }
        }
        guard analysisBytes <= 256 else { throw .malformed(reason: "its analysis is too long") }
        // Lengths are 32 bits, so that sums over many files stay far from overflow.
        guard totalLength <= Int(passages) << 32, postings <= postingBytes else {
            throw .malformed(reason: "its totals are more than it can hold")
        }
    }
}

/// Where a term's postings lie, and what bounds its scores.
struct TermRecord: Sendable, Equatable {
    static let byteCount = 24

    /// In the part of the postings.
    let offset: Int
    /// Passages that have the term.
    let passages: UInt32
    let maxFrequency: UInt32
    let minLength: UInt32

    init(offset: Int, passages: UInt32, maxFrequency: UInt32, minLength: UInt32) {
        self.offset = offset
        self.passages = passages
        self.maxFrequency = maxFrequency
        self.minLength = minLength
    }

    init(_ bytes: UnsafeRawBufferPointer, at place: Int) {
        // What is too large for an Int is too large for any file.
        offset = Int(clamping: bytes.little(at: place, UInt64.self))
        passages = bytes.little(at: place + 8, UInt32.self)
        maxFrequency = bytes.little(at: place + 12, UInt32.self)
        minLength = bytes.little(at: place + 16, UInt32.self)
    }

    func append(to bytes: inout [UInt8]) {
        bytes.append(little: UInt64(offset))
        bytes.append(little: passages)
        bytes.append(little: maxFrequency)
        bytes.append(little: minLength)
        bytes.append(little: UInt32(0))
    }
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    func little<Number: FixedWidthInteger>(at place: Int, _: Number.Type) -> Number {
        Number(littleEndian: loadUnaligned(fromByteOffset: place, as: Number.self))
    }
}
