// Writes a table of pairs, part by part, in memory that does not grow with it.

import Files

/// Pairs go in sorted within each part; the file appears when it is finished.
public final class CooccurrenceWriter {
    /// Three numbers of up to 64 bits.
    private static let pairBytesMax = 30
    private let file: AtomicFile
    private let vocabulary: Int
    private let parts: Int
    private let isSymmetric: Bool
    private var entries: [(bytes: Int, pairs: Int)] = []
    /// Of the part that is being written.
    private var begin = 0
    private var pairs = 0
    private var row: Int64 = -1
    private var column: UInt32 = 0

    /// - Throws: `.file`.
    public init(
        path: String, vocabulary: Int, parts: Int, isSymmetric: Bool
    ) throws(CooccurrenceError) {
        precondition(
            (1...Int(Int32.max)).contains(vocabulary)
                && (1...CooccurrenceTable.partsMax).contains(parts),
            "\(parts) parts of \(vocabulary) words")
        self.vocabulary = vocabulary
        self.parts = parts
        self.isSymmetric = isSymmetric
        do throws(FileError) {
            file = try AtomicFile(path: path)
            // The numbers are known at the end.
            let head = CooccurrenceTable.headerBytes + CooccurrenceTable.partEntryBytes * parts
            try file.write([UInt8](repeating: 0, count: head))
        } catch { throw .file(error) }
        begin = file.byteCount
    }

    /// Adds a pair behind the last one of the part.
    public func append(_ pair: Cooccurrence) throws(CooccurrenceError) {
        let isNewRow = Int64(pair.row) != row
        precondition(
            Int64(pair.row) > row || !isNewRow && pair.column > column,
            "pair (\(pair.row), \(pair.column)) after (\(row), \(column))")
        do throws(FileError) {
            try file.write(atMost: Self.pairBytesMax) { bytes in
                var count = 0
                if isNewRow {
                    Self.put(UInt64(pair.column) << 1 | 1, to: bytes, &count)
                    Self.put(UInt64(Int64(pair.row) - row), to: bytes, &count)
                } else {
                    Self.put(UInt64(pair.column - column) << 1, to: bytes, &count)
                }
                Self.put(pair.sum, to: bytes, &count)
                return count
            }
        } catch { throw .file(error) }
        row = Int64(pair.row)
        column = pair.column
        pairs += 1
    }

    private static func put(
        _ number: UInt64, to bytes: UnsafeMutableRawPointer, _ count: inout Int
    ) {
        var rest = number
        while rest >= 0x80 {
            bytes.storeBytes(
                of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: count, as: UInt8.self)
            count += 1
            rest >>= 7
        }
        bytes.storeBytes(of: UInt8(rest), toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// Ends a part; there are as many of them as was said.
    public func endPart() {
        entries.append((file.byteCount - begin, pairs))
        begin = file.byteCount
        pairs = 0
        row = -1
        column = 0
    }

    /// Writes the header and gives the file its name.
    ///
    /// - Returns: the pairs of all parts.
    @discardableResult
    public func finish(durable: Bool = false) throws(CooccurrenceError) -> Int {
        precondition(entries.count == parts, "\(entries.count) of \(parts) parts")
        let total = entries.reduce(0) { $0 + $1.pairs }
        var words: [UInt64] = [
            CooccurrenceTable.magic, CooccurrenceTable.version, UInt64(vocabulary), UInt64(parts),
            UInt64(total), isSymmetric ? 1 : 0, UInt64(CooccurrenceTable.fractionBits), 0,
        ]
        for entry in entries { words += [UInt64(entry.bytes), UInt64(entry.pairs)] }
        do throws(FileError) {
            let written = words.map(\.littleEndian).withUnsafeBytes { bytes in
                Result { () throws(FileError) in try file.overwrite(bytes, at: 0) }
            }
            try written.get()
            try file.commit(durable: durable)
        } catch { throw .file(error) }
        return total
    }
}
