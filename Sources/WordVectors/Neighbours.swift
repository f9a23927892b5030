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
    /// Gives words that the table lacks a vector.
    private let subwords: SubwordVectors?

    /// - Throws: `.outOfMemory` for a copy of the vectors scaled to length 1.
    public init(_ table: WordVectorTable) throws(FileError) {
        try self.init(table, subwords: nil)
    }

    /// The neighbours in a file of any format. With a fastText `.bin`, words that it never met have
    /// neighbours, too: those of the mean of their n-grams.
    ///
    /// - Throws: `.unreadable`, `.malformed`, `.outOfMemory`.
    public init(path: String) throws(FileError) {
        let format = try VectorFile.format(of: path)
        guard format == .fastText else {
            try self.init(VectorFile.read(path, format: format))
            return
        }
        let model = try SubwordVectors(path: path)
        try self.init(model.wordVectors(), subwords: model)
    }

    private init(_ table: WordVectorTable, subwords: SubwordVectors?) throws(FileError) {
        self.table = table
        self.subwords = subwords
        unit = try UnitVectors.make(table.vectors, rows: Array(0..<table.count))
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
            if let row = table.index(of: term.word) ?? table.index(of: term.word.lowercased()) {
                let vector = unit.row(row)
                for column in 0..<unit.columns { query[column] += term.weight * vector[column] }
                excluded.insert(row)
            } else {
                let vector = try unseen(term.word)
                for column in 0..<unit.columns { query[column] += term.weight * vector[column] }
            }
        }
        let length = query.reduce(0) { $0 + $1 * $1 }.squareRoot()
        if length > 0 { for column in query.indices { query[column] /= length } }
        return best(query, count: count, except: excluded)
    }

    /// The vector of a word that the table lacks, scaled to length 1.
    private func unseen(_ word: String) throws(UnknownWord) -> [Float] {
        guard let subwords, !subwords.rows(of: word).isEmpty else { throw UnknownWord(word: word) }
        let vector = subwords.vector(of: word)
        var unit = [Float](repeating: 0, count: vector.count)
        UnitVectors.copy(vector, to: &unit, count: vector.count)
        return unit
    }

    private func best(_ query: [Float], count: Int, except excluded: Set<Int>) -> [Neighbour] {
        var cosines = [Float](repeating: 0, count: unit.rows)
        if unit.rows > 0 {
            scores(
                query, queryCount: 1, queryStride: unit.columns,
                unit.base, rowCount: unit.rows, rowStride: unit.stride,
                count: unit.columns, out: &cosines)
        }
        return Self.best(cosines, count: min(count, unit.rows), except: excluded)
            .map { Neighbour(word: table.words[$0], cosine: cosines[$0]) }
    }

    /// Rows with the greatest cosines, nearest first. Twice as many as are wanted are gathered
    /// before the worse half goes, so that a long list costs a few sorts.
    private static func best(
        _ cosines: [Float], count: Int, except excluded: Set<Int>
    ) -> [Int] {
        func isNearer(_ a: Int, _ b: Int) -> Bool {
            cosines[a] != cosines[b] ? cosines[a] > cosines[b] : a < b
        }
        guard count > 0 else { return [] }
        var best: [Int] = []
        // Of the last row that stays; one that comes later has to be nearer.
        var least: Float?
        for row in cosines.indices where !excluded.contains(row) {
            if let least, cosines[row] <= least { continue }
            best.append(row)
            guard best.count == 2 * count else { continue }
            best.sort(by: isNearer)
            best.removeLast(count)
            least = cosines[best[count - 1]]
        }
        return Array(best.sorted(by: isNearer).prefix(count))
    }
}
