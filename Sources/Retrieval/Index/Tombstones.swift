// Which passages of a segment are deleted.

public import Files

/// A bit for each passage.
public struct Tombstones: Sendable, Equatable {
    public let passages: Int
    public private(set) var count = 0
    private var words: [UInt64]

    public init(passages: Int) {
        self.passages = passages
        words = [UInt64](repeating: 0, count: (passages + 63) / 64)
    }

    public func contains(_ passage: Int) -> Bool {
        words[passage >> 6] >> UInt64(passage & 63) & 1 == 1
    }

    /// The bits of 64 passages.
    func word(_ index: Int) -> UInt64 { words[index] }

    /// Returns false when it was there already.
    @discardableResult
    public mutating func insert(_ passage: Int) -> Bool {
        precondition(passage >= 0 && passage < passages, "passage \(passage) of \(passages)")
        if contains(passage) { return false }
        words[passage >> 6] |= 1 << UInt64(passage & 63)
        count += 1
        return true
    }

    /// 8 bytes that begin the file, and one bit a passage in whole little-endian words.
    private static let magic = Array("SNDRDEAD".utf8)

    var encoded: [UInt8] {
        var bytes = Self.magic
        for word in words { bytes.append(littleEndian: word) }
        return bytes
    }

    /// - Throws: `.malformed` when the size or a bit past the passages is not what it should be.
    public static func read(_ path: String, passages: Int) throws(FileError) -> Tombstones {
        let file = try MappedFile(path: path)
        var dead = Tombstones(passages: passages)
        guard file.bytes.count == 8 + 8 * dead.words.count,
            file.bytes.prefix(8).elementsEqual(magic)
        else {
            throw .malformed(
                path: path, offset: 0,
                reason: "\(file.bytes.count) bytes are no tombstones of \(passages) passages")
        }
        for index in dead.words.indices {
            dead.words[index] = UInt64(
                littleEndian: file.bytes.loadUnaligned(
                    fromByteOffset: 8 + 8 * index, as: UInt64.self))
            dead.count += dead.words[index].nonzeroBitCount
        }
        if passages % 64 != 0, let last = dead.words.last, last >> UInt64(passages % 64) != 0 {
            throw .malformed(
                path: path, offset: file.bytes.count - 8,
                reason: "tombstones beyond the \(passages) passages")
        }
        return withExtendedLifetime(file) { dead }
    }
}
