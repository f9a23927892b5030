// The first bytes of a segment: what it holds and where each section lies.

import Files
public import Tensors

/// Dense vectors beside the tokens, one a passage.
public struct DenseSettings: Sendable, Equatable, Codable {
    public var dimension: Int
    public var type: StoredType

    public init(dimension: Int, type: StoredType) {
        self.dimension = dimension
        self.type = type
    }
}

/// 80 bytes and 32 for each section, little-endian. Sections begin at multiples of 64 bytes.
///
/// | at | bytes | what |
/// |---|---|---|
/// | 0 | 8 | `SNDRSEG` and a line feed |
/// | 8 | 4 + 4 | version, number of sections |
/// | 16 | 8 + 8 + 8 | bytes of the file, passages, tokens |
/// | 40 | 4 + 4 + 4 | dimension, form of the tokens, centroids |
/// | 52 | 4 + 4 + 4 | dimension and type of dense vectors, 0 |
/// | 64 | 8 + 8 | fingerprint of the encoder, FNV-1a of the header with zeros here |
/// | 80 | 16 + 8 + 8 | name, offset and length of a section |
struct SegmentHeader: Equatable {
    struct Section: Equatable {
        var name: String
        var offset: Int
        var length: Int
    }

    var byteCount = 0
    var passages: Int
    var tokens: Int
    var dimension: Int
    var form: TokenForm
    var centroids: Int
    var dense: DenseSettings?
    var fingerprint: UInt64
    var sections: [Section] = []

    static let magic = Array("SNDRSEG\n".utf8)
    static let version: UInt32 = 1
    static let sectionsMax = 32
    /// Passages and tokens of a segment are numbered with 32 bits.
    static let countMax = Int(UInt32.max) - 1
    private static let forms: [TokenForm] = [
        .residual2, .residual4, .residual8, .int8, .bf16, .f32,
    ]
    private static let types: [StoredType] = [.f32, .f16, .bf16, .int8, .binary]

    static func aligned(_ offset: Int) -> Int { (offset + 63) & ~63 }

    /// Where the first section begins.
    static func byteCount(sections: Int) -> Int { aligned(80 + 32 * sections) }

    /// The header with padding up to the first section.
    var encoded: [UInt8] {
        var bytes = Self.magic
        bytes.append(littleEndian: Self.version)
        bytes.append(littleEndian: UInt32(sections.count))
        for number in [byteCount, passages, tokens] { bytes.append(littleEndian: UInt64(number)) }
        let numbers = [
            dimension, Self.forms.firstIndex(of: form) ?? 0, centroids, dense?.dimension ?? 0,
            dense.flatMap { Self.types.firstIndex(of: $0.type) } ?? 0, 0,
        ]
        for number in numbers { bytes.append(littleEndian: UInt32(number)) }
        bytes.append(littleEndian: fingerprint)
        bytes.append(littleEndian: UInt64(0))
        for section in sections {
            let name = Array(section.name.utf8)
            precondition(name.count <= 16, "the name of section \(section.name)")
            bytes += name + Array(repeating: 0, count: 16 - name.count)
            bytes.append(littleEndian: UInt64(section.offset))
            bytes.append(littleEndian: UInt64(section.length))
        }
        let sum = bytes.withUnsafeBytes { fingerprintFNV($0) }
        withUnsafeBytes(of: sum.littleEndian) { bytes.replaceSubrange(72..<80, with: $0) }
        let padding = Self.byteCount(sections: sections.count) - bytes.count
        return bytes + Array(repeating: 0, count: padding)
    }

    /// - Throws: `.malformed`.
    static func decode(
        _ file: UnsafeRawBufferPointer, path: String
    ) throws(FileError) -> SegmentHeader {
        func fail(_ offset: Int, _ reason: String) -> FileError {
            .malformed(path: path, offset: offset, reason: reason)
        }
        guard file.count >= 80, file[..<8].elementsEqual(magic) else {
            throw fail(0, "not a segment of an index")
        }
        func word(_ at: Int) -> Int {
            Int(UInt32(littleEndian: file.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
        }
        func long(_ at: Int) -> UInt64 {
            UInt64(littleEndian: file.loadUnaligned(fromByteOffset: at, as: UInt64.self))
        }
        guard word(8) == Int(version) else {
            throw fail(8, "version \(word(8)), this program reads \(version)")
        }
        let count = word(12)
        guard count <= sectionsMax, byteCount(sections: count) <= file.count else {
            throw fail(12, "\(count) sections")
        }
        var bytes = Array(file[..<(80 + 32 * count)])
        bytes.replaceSubrange(72..<80, with: repeatElement(0, count: 8))
        guard bytes.withUnsafeBytes({ fingerprintFNV($0) }) == long(72) else {
            throw fail(72, "the header's checksum differs")
        }
        guard long(16) == UInt64(file.count) else {
            throw fail(16, "\(file.count) bytes of \(long(16)) are there")
        }
        guard long(24) <= UInt64(countMax), long(32) <= UInt64(countMax),
            (1...TokenMatrix.dimensionMax).contains(word(40)), word(44) < forms.count,
            (1...Centroids.countMax).contains(word(48)), word(52) <= 1 << 20,
            word(56) < types.count
        else { throw fail(24, "numbers that no segment has") }
        var header = SegmentHeader(
            byteCount: file.count, passages: Int(long(24)), tokens: Int(long(32)),
            dimension: word(40), form: forms[word(44)], centroids: word(48),
            dense: word(52) == 0
                ? nil : DenseSettings(dimension: word(52), type: types[word(56)]),
            fingerprint: long(64))
        for index in 0..<count {
            let at = 80 + 32 * index
            let name = String(decoding: file[at..<at + 16].prefix { $0 != 0 }, as: UTF8.self)
            let (offset, length) = (long(at + 16), long(at + 24))
            guard offset % 64 == 0, offset <= UInt64(file.count),
                length <= UInt64(file.count) - offset
            else { throw fail(at, "section \(name) lies outside the file") }
            header.sections.append(
                Section(name: name, offset: Int(offset), length: Int(length)))
        }
        return header
    }
}

/// FNV-1a over bytes, 64 bits: against accidents, not against intent.
func fingerprintFNV(
    _ bytes: UnsafeRawBufferPointer, from start: UInt64 = 0xCBF2_9CE4_8422_2325
) -> UInt64 {
    var hash = start
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
}
