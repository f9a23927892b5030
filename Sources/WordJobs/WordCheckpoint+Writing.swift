// Writes the checkpoint of a finished training.

import Digests
package import Files
import FoundationEssentials
package import Tensors
package import WordVectors

extension WordCheckpoint {
    private typealias Take = (UnsafeRawBufferPointer) throws(FileError) -> Void

    /// - Parameters:
    ///   - input: `[words, dimension]`, behind them a row for each bucket of n-grams.
    ///   - output: `[words, dimension]`.
    /// - Throws: `.unwritable`; the file appears whole or not at all.
    package static func write(
        _ kind: WordModelKind, _ vocabulary: Vocabulary, input: Matrix, output: Matrix,
        to path: String
    ) throws(FileError) {
        let words = vocabulary.words
        guard var sum = SHA256Stream(of: kind) else {
            throw .unwritable(path: path, reason: "its settings cannot be written")
        }
        try forEachPiece(vocabulary, input, output) { sum.add($0) }
        let mark = Mark(format: format, model: kind, sha256: sum.digest)
        guard let text = try? JSONEncoder.sorted.encode(mark) else {
            throw .unwritable(path: path, reason: "its settings cannot be written")
        }
        let writer = try SafeTensorsWriter(
            path: path,
            entries: [
                SafeTensorsEntry(name: "counts", type: .i64, shape: [words.count]),
                SafeTensorsEntry(name: "input", type: .f32, shape: [input.rows, input.columns]),
                SafeTensorsEntry(name: "output", type: .f32, shape: [output.rows, output.columns]),
                SafeTensorsEntry(
                    name: "vocabulary", type: .u8,
                    shape: [words.byteCount + max(words.count - 1, 0)]),
            ], metadata: [(key, String(decoding: text, as: UTF8.self))])
        try forEachPiece(vocabulary, input, output) { (bytes) throws(FileError) in
            try writer.append(bytes)
        }
        try writer.finish()
    }

    /// The bytes of all tensors in the order of the file.
    private static func forEachPiece(
        _ vocabulary: Vocabulary, _ input: Matrix, _ output: Matrix, _ take: Take
    ) throws(FileError) {
        for count in vocabulary.counts { try Self.take(integer: Int64(clamping: count), take) }
        for matrix in [input, output] {
            for row in 0..<matrix.rows {
                try take(
                    UnsafeRawBufferPointer(start: matrix.row(row), count: 4 * matrix.columns))
            }
        }
        for word in 0..<vocabulary.count {
            if word > 0 { try Self.take(integer: UInt8(ascii: "\n"), take) }
            let result = vocabulary.words.withBytes(word) { bytes in
                Result { () throws(FileError) in try take(bytes) }
            }
            try result.get()
        }
    }

    private static func take(
        integer: some FixedWidthInteger, _ take: Take
    ) throws(FileError) {
        let result = withUnsafeBytes(of: integer.littleEndian) { bytes in
            Result { () throws(FileError) in try take(bytes) }
        }
        try result.get()
    }
}

extension JSONEncoder {
    /// The same bytes every time.
    fileprivate static var sorted: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return encoder
    }
}

extension SHA256Stream {
    /// Begun with what the model is; nil if that cannot be written.
    init?(of kind: WordModelKind) {
        guard let text = try? JSONEncoder.sorted.encode(kind) else { return nil }
        self.init()
        add(Array(text))
    }
}
