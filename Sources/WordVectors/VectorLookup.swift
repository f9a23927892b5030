// The vectors of single words, from a file of any format.

public import Files
import Tensors

/// Vectors of words by name. From a fastText `.bin` every word has one, also a word that training
/// never met; from other files, which hold a table, only the words of that table.
public struct VectorLookup: Sendable {
    private enum Source: Sendable {
        case table(WordVectorTable)
        case subwords(SubwordVectors)
    }

    private let source: Source

    /// - Throws: `.unreadable`, `.malformed` naming the offset, `.outOfMemory`.
    public init(path: String) throws(FileError) {
        let format = try VectorFile.format(of: path)
        source =
            if format == .fastText {
                .subwords(try SubwordVectors(path: path))
            } else {
                .table(try VectorFile.read(path, format: format))
            }
    }

    /// Values of a vector.
    public var dimensions: Int {
        switch source {
        case .table(let table): table.dimensions
        case .subwords(let model): model.dimensions
        }
    }

    /// Whether words beyond the vocabulary have vectors.
    public var hasNgrams: Bool {
        if case .subwords(let model) = source { model.arguments.subwords != nil } else { false }
    }

    /// The vector of a word as it is written, `[dimensions]`; of one that the file lacks, the mean
    /// of its n-grams.
    ///
    /// - Throws: `UnknownWord` when the file has neither.
    public func vector(of word: String) throws(UnknownWord) -> [Float] {
        switch source {
        case .table(let table):
            guard let row = table.index(of: word) else { throw UnknownWord(word: word) }
            return Array(
                UnsafeBufferPointer(start: table.vectors.row(row), count: table.dimensions))
        case .subwords(let model):
            guard !model.rows(of: word).isEmpty else { throw UnknownWord(word: word) }
            return model.vector(of: word)
        }
    }
}
