// How often words stand near each other, as bytes that are read in place.

/// A view of a table of pairs of words: for each the sum of their weights, sorted, cut into parts.
///
/// Layout, little-endian: a header of eight UInt64 (magic "SNDNPAIR", version 1, vocabulary size,
/// number of parts, number of pairs, 1 if symmetric else 0, bits of the fraction of a sum, 0); for
/// each part two UInt64, the bytes and the number of its pairs; then the parts. A part is pairs in
/// order of row and column, each of two or three numbers in groups of seven bits, the lowest first,
/// the high bit set in all but the last byte: `2 * c` in the row of the pair before, where c is how
/// many columns further it is, or `2 * column + 1` and by how many rows it is further (the first
/// pair of a part counts from row -1); then the sum, above 0, in units of 2^-fraction.
///
/// In a symmetric table a pair stands once, its row at most its column, for both orders.
public struct CooccurrenceTable: @unchecked Sendable {
    static let magic: UInt64 = 0x5249_4150_4e44_4e53  // "SNDNPAIR"
    static let version: UInt64 = 1
    static let headerBytes = 64
    static let partEntryBytes = 16
    /// Bits of the fraction of a sum.
    public static let fractionBits = 20
    public static let partsMax = 4_096

    public let vocabulary: Int
    public let parts: Int
    public let pairs: Int
    public let isSymmetric: Bool
    let what: String
    private let bytes: UnsafeRawBufferPointer
    private let owner: AnyObject?
    /// Where each part begins; one more than there are parts.
    private let begins: [Int]
    private let counts: [Int]

    /// Checks the header against the bytes. The pairs are checked as they are read.
    ///
    /// - Parameters:
    ///   - bytes: of any alignment; they must outlive the table and its cursors.
    ///   - owner: kept as long as these, for bytes that live as long as some object.
    /// - Throws: `.malformed`.
    public init(
        _ bytes: UnsafeRawBufferPointer, owner: AnyObject? = nil,
        what: String = "a table of pairs"
    ) throws(CooccurrenceError) {
        func fail(_ offset: Int, _ reason: String) -> CooccurrenceError {
            .malformed(what: what, offset: offset, reason: reason)
        }
        func word(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        guard bytes.count >= Self.headerBytes else { throw fail(0, "shorter than a header") }
        guard word(0) == Self.magic, word(8) == Self.version else {
            throw fail(0, "not a table of pairs of version 1")
        }
        guard (1...UInt64(Int32.max)).contains(word(16)),
            (1...UInt64(Self.partsMax)).contains(word(24)), word(40) <= 1,
            word(48) == UInt64(Self.fractionBits), word(56) == 0
        else { throw fail(16, "the header has a number that is out of range") }
        self.bytes = bytes
        self.owner = owner
        self.what = what
        vocabulary = Int(word(16))
        parts = Int(word(24))
        isSymmetric = word(40) == 1
        let body = Self.headerBytes + Self.partEntryBytes * parts
        guard bytes.count >= body else { throw fail(24, "the list of parts is cut off") }
        var (begins, counts, sum) = ([body], [Int](), UInt64(0))
        for part in 0..<parts {
            let entry = Self.headerBytes + Self.partEntryBytes * part
            let (length, count) = (word(entry), word(entry + 8))
            // Two bytes hold a pair at least.
            guard length <= UInt64(bytes.count - begins[part]), count <= length / 2 else {
                throw fail(entry, "part \(part) is longer than what is there")
            }
            begins.append(begins[part] + Int(length))
            counts.append(Int(count))
            sum += count
        }
        guard begins[parts] == bytes.count, sum == word(32) else {
            throw fail(32, "the parts do not add up to the whole")
        }
        pairs = Int(sum)
        self.begins = begins
        self.counts = counts
    }

    /// Pairs of a part.
    public func count(of part: Int) -> Int { counts[part] }

    /// Reads the pairs of a part in their order.
    public func cursor(_ part: Int) -> CooccurrenceCursor {
        CooccurrenceCursor(
            bytes: bytes, owner: owner, range: begins[part]..<begins[part + 1],
            count: counts[part], table: self)
    }

    /// Reads everything once.
    /// - Throws: `.malformed` where a pair is not as it must be.
    public func validate() throws(CooccurrenceError) {
        for part in 0..<parts {
            var cursor = cursor(part)
            while try cursor.next() != nil {}
        }
    }
}

/// A pair of words and the sum of its weights.
public struct Cooccurrence: Sendable, Equatable {
    public var row: UInt32
    public var column: UInt32
    /// In units of 2^-20.
    public var sum: UInt64

    public init(row: UInt32, column: UInt32, sum: UInt64) {
        self.row = row
        self.column = column
        self.sum = sum
    }

    /// Orders pairs within a part.
    var key: UInt64 { UInt64(row) << 32 | UInt64(column) }
}

/// Walks over a part and checks each pair.
public struct CooccurrenceCursor {
    private let base: UnsafeRawPointer?
    private let owner: AnyObject?
    private let end: Int
    private let vocabulary: UInt64
    private let isSymmetric: Bool
    private let what: String
    private var position: Int
    private var left: Int
    private var row = UInt64.max
    private var column: UInt64 = 0

    init(
        bytes: UnsafeRawBufferPointer, owner: AnyObject?, range: Range<Int>, count: Int,
        table: CooccurrenceTable
    ) {
        base = bytes.baseAddress
        self.owner = owner
        end = range.upperBound
        position = range.lowerBound
        left = count
        vocabulary = UInt64(table.vocabulary)
        isSymmetric = table.isSymmetric
        what = table.what
    }

    /// The next pair; nil after the last.
    /// - Throws: `.malformed`.
    public mutating func next() throws(CooccurrenceError) -> Cooccurrence? {
        if left == 0 {
            guard position == end else { throw fail("there is more than its pairs") }
            return nil
        }
        let first = try number()
        if first & 1 == 1 {
            let rows = try number()
            // From row -1 the first sum wraps to 0 or more.
            let (next, overflow) = row.addingReportingOverflow(rows)
            guard rows > 0, overflow == (row == .max), next < vocabulary else {
                throw fail("a row is out of order or no word")
            }
            row = next
            column = first >> 1
        } else {
            guard row != .max, first > 0 else { throw fail("a column is out of order") }
            column += first >> 1
        }
        guard column < vocabulary, !isSymmetric || column >= row else {
            throw fail("a column is no word, or on the wrong side")
        }
        let sum = try number()
        guard sum > 0 else { throw fail("a sum is zero") }
        left -= 1
        return Cooccurrence(
            row: UInt32(truncatingIfNeeded: row), column: UInt32(truncatingIfNeeded: column),
            sum: sum)
    }

    private mutating func number() throws(CooccurrenceError) -> UInt64 {
        guard let base else { throw fail("it is cut off") }
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < end {
            let byte = base.load(fromByteOffset: position, as: UInt8.self)
            position += 1
            guard shift < 63 || byte <= 1 else { throw fail("a number passes 64 bits") }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw fail("it is cut off")
    }

    private func fail(_ reason: String) -> CooccurrenceError {
        .malformed(what: what, offset: position, reason: reason)
    }
}
