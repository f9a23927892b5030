// The parts of a fastText .bin file, found and checked, its matrices left where they are.

import Files

/// A `.bin` file of fastText, mapped: versions 11 and 12, and those before them, which had no
/// number. Sizes that it announces are claims until its length bears them out. Memory: the words,
/// their counts and their index.
struct FastTextFile {
    let file: MappedFile
    let arguments: FastTextArguments
    /// Nil for a file of the time before versions.
    let version: Int32?
    let dictionary: FastTextDictionary
    /// `[words + buckets, dimensions]`.
    let input: FastTextMatrix
    let output: FastTextMatrix

    init(_ file: MappedFile) throws(FileError) {
        self.file = file
        var cursor = FileCursor(file)
        version = try Self.readVersion(&cursor)
        let (arguments, bucketRows) = try FastTextArguments.read(&cursor, version: version)
        self.arguments = arguments
        dictionary = try FastTextDictionary(&cursor, hasPruning: version != nil)
        let words = dictionary.words.count
        guard words + bucketRows <= Int(Int32.max) else {
            throw cursor.malformed(
                0, "\(words) words and \(bucketRows) buckets, where \(Int32.max) are the most")
        }
        input = try Self.readMatrix(&cursor, "the input matrix", hasFlag: version != nil)
        try dictionary.checkPruning(cursor)
        try input.check(rows: words + bucketRows, dimensions: arguments.dimensions, cursor)
        output = try Self.readMatrix(&cursor, "the output matrix", hasFlag: version != nil)
        let outputRows = arguments.model == .supervised ? dictionary.labels : words
        try output.check(rows: outputRows, dimensions: arguments.dimensions, cursor)
        guard cursor.remaining == 0 else {
            throw cursor.malformed(cursor.position, "more follows after the output matrix")
        }
    }

    /// Whether bytes begin as the arguments of a file without a version do.
    static func hasNoVersion(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= 76 else { return false }
        let fields = (0..<17).map {
            Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)))
        }
        // As text these would be numbers of hundreds of millions.
        return FastTextArguments.dimensionLimits.contains(fields[0])
            && FastTextArguments.Loss(rawValue: Int32(fields[6])) != nil
            && FastTextArguments.Model(rawValue: Int32(fields[7])) != nil
            && (0...1 << 16).contains(fields[9]) && (0...1 << 16).contains(fields[10])
            && fields[14] >= 0 && fields[15] >= 0 && fields[14] == fields[15] + fields[16]
    }

    static func hasMagic(_ bytes: UnsafeRawBufferPointer) -> Bool {
        withUnsafeBytes(of: FastTextArguments.magic.littleEndian) { bytes.starts(with: $0) }
    }

    private static func readVersion(_ cursor: inout FileCursor) throws(FileError) -> Int32? {
        guard hasMagic(cursor.bytes) else {
            guard hasNoVersion(cursor.bytes) else {
                throw cursor.malformed(0, "no fastText .bin model")
            }
            return nil
        }
        try cursor.skip(4, "the header")
        let version = try cursor.number(Int32.self, "the header")
        let known = FastTextArguments.firstVersion...FastTextArguments.version
        guard known.contains(version) else {
            throw cursor.malformed(
                4,
                "version \(version) of fastText's format; \(known.lowerBound) and "
                    + "\(known.upperBound) are known")
        }
        return version
    }

    private static func readMatrix(
        _ cursor: inout FileCursor, _ name: String, hasFlag: Bool
    ) throws(FileError) -> FastTextMatrix {
        if hasFlag, try cursor.number(UInt8.self, name) != 0 {
            throw cursor.malformed(
                cursor.position - 1,
                "\(name) is quantised (a .ftz model); give the .bin model "
                    + "that it was made of")
        }
        let offset = cursor.position
        let rows = try cursor.number(Int64.self, name)
        let columns = try cursor.number(Int64.self, name)
        let (values, overflow) = rows.multipliedReportingOverflow(by: columns)
        guard rows >= 0, columns >= 0, !overflow, values <= cursor.remaining / 4 else {
            throw cursor.malformed(
                offset,
                "\(name) is said to be [\(rows), \(columns)], which \(cursor.remaining) "
                    + "bytes cannot hold")
        }
        let start = try cursor.skip(4 * Int(values), name)
        return FastTextMatrix(
            name: name, rows: Int(rows), columns: Int(columns), offset: start)
    }
}

/// Where a matrix stands in the file: row-major Float32, at no particular alignment.
struct FastTextMatrix {
    let name: String
    let rows: Int
    let columns: Int
    let offset: Int

    fileprivate func check(
        rows: Int, dimensions: Int, _ cursor: FileCursor
    ) throws(FileError) {
        guard self.rows == rows, columns == dimensions else {
            throw cursor.malformed(
                offset,
                "\(name) is [\(self.rows), \(columns)], where words and arguments want "
                    + "[\(rows), \(dimensions)]")
        }
    }
}
