// The words nearest to a word, or to a sum and difference of words.

public import Files
import Tensors

/// A word that was asked for and is not in the table.
public struct UnknownWord: Error, Sendable, Equatable, CustomStringConvertible {
    public let word: String

    public var description: String {
        "the vectors have no word '\(word)'; check its spelling, or lower --min-count when training"
    }
}

/// Exact nearest neighbours by cosine: every row is looked at.
public struct Neighbours: Sendable {
    /// A word with its weight in a sum: 1 or -1.
    public struct Term: Sendable, Equatable {
        public var word: String
        public var weight: Float

        public init(word: String, weight: Float = 1) {
            self.word = word
            self.weight = weight
        }
    }

    public struct Neighbour: Sendable, Equatable {
        public var word: String
        public var cosine: Float
    }

    private let table: WordVectorTable
    private let unit: Matrix

    /// - Throws: `.outOfMemory` for a copy of the vectors scaled to length 1.
    public init(_ table: WordVectorTable) throws(FileError) {
        self.table = table
        unit = try UnitVectors.make(table.vectors, rows: Array(0 ..< table.count))
    }

    /// Reads terms like `king`, `-man`, `+woman`. A sign belongs to the word when the table has
    /// the word with it.
    public func terms(_ arguments: [String]) -> [Term] {
        arguments.map { argument in
            guard table.index(of: argument) == nil, argument.count > 1 else {
                return Term(word: argument)
            }
            switch argument.first {
            case "-": return Term(word: String(argument.dropFirst()), weight: -1)
            case "+": return Term(word: String(argument.dropFirst()))
            default: return Term(word: argument)
            }
        }
    }

    /// The `count` words nearest to the weighted sum of the terms' unit vectors, nearest first,
    /// equal ones by rank; the terms themselves are left out.
    ///
    /// - Throws: `UnknownWord`.
    public func nearest(
        _ terms: [Term], count: Int = 10
    ) throws(UnknownWord) -> [Neighbour] {
        precondition(count >= 0, "\(count) neighbours")
        var query = [Float](repeating: 0, count: unit.columns)
        var excluded: Set<Int> = []
        for term in terms {
            guard let row = table.index(of: term.word) ?? table.index(of: term.word.lowercased())
            else { throw UnknownWord(word: term.word) }
            let vector = unit.row(row)
            for column in 0 ..< unit.columns { query[column] += term.weight * vector[column] }
            excluded.insert(row)
        }
        let length = query.reduce(0) { $0 + $1 * $1 }.squareRoot()
        if length > 0 { for column in query.indices { query[column] /= length } }
        return best(query, count: count, except: excluded)
    }

    private func best(_ query: [Float], count: Int, except excluded: Set<Int>) -> [Neighbour] {
        var cosines = [Float](repeating: 0, count: unit.rows)
        if unit.rows > 0 {
            scores(
                query, queryCount: 1, queryStride: unit.columns,
                unit.base, rowCount: unit.rows, rowStride: unit.stride,
                count: unit.columns, out: &cosines)
        }
        // Nearest first; a row that is no better than the last of a full list is passed over.
        var best: [Int] = []
        for row in cosines.indices where !excluded.contains(row) {
            if best.count == count {
                guard let last = best.last, cosines[row] > cosines[last] else { continue }
                best.removeLast()
            }
            let place = best.firstIndex { cosines[$0] < cosines[row] } ?? best.count
            best.insert(row, at: place)
        }
        return best.map { Neighbour(word: table.words[$0], cosine: cosines[$0]) }
    }
}
