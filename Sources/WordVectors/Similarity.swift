// Compares cosines with people's judgements of how alike two words are.

public import Files
import Tensors

/// A list of word pairs with scores, and Spearman's rank correlation of those with cosines.
public struct Similarity: Sendable {
    public struct Pair: Sendable, Equatable {
        public var first: String
        public var second: String
        public var score: Double
    }

    public struct Report: Sendable, Equatable {
        /// Pairs in the file.
        public var pairs = 0
        /// Pairs of which both words have vectors; the others are left out.
        public var known = 0
        /// Between -1 and 1; nil with fewer than two known pairs, or when all scores are equal.
        public var spearman: Double?

        /// The known share of the pairs, between 0 and 1.
        public var coverage: Double { pairs == 0 ? 0 : Double(known) / Double(pairs) }
    }

    public var pairs: [Pair] = []
    /// Lines that are no pair with a score: headers and comments.
    public var linesIgnored = 0

    /// Reads lines "word word score", separated by tabs, spaces or commas.
    ///
    /// - Throws: `.unreadable`; `.malformed` when no line has that form.
    public init(path: String) throws(FileError) {
        try TextLines.read(path) { (line, _) throws(FileError) in
            let fields = line.split { $0.isWhitespace || $0 == "," || $0 == ";" }
            if fields.isEmpty { return }
            guard fields.count >= 3, !line.hasPrefix("#"), let score = Double(fields[2]),
                score.isFinite
            else {
                linesIgnored += 1
                return
            }
            pairs.append(
                Pair(first: String(fields[0]), second: String(fields[1]), score: score))
        }
        guard !pairs.isEmpty else {
            throw .malformed(
                path: path, offset: 0, reason: "no line has the form 'word word score'")
        }
    }

    /// Case is ignored; of the table's words that then fall together the first counts.
    ///
    /// - Throws: `.outOfMemory`.
    public func evaluate(_ table: WordVectorTable) throws(FileError) -> Report {
        let words = FoldedWords(table)
        let known = pairs.compactMap { pair -> (rows: (Int, Int), score: Double)? in
            guard let first = words.position(of: pair.first),
                let second = words.position(of: pair.second)
            else { return nil }
            return ((words.rows[first], words.rows[second]), pair.score)
        }
        var report = Report()
        report.pairs = pairs.count
        report.known = known.count
        report.spearman = Self.spearman(
            known.map { Self.cosine(table.vectors, $0.rows.0, $0.rows.1) }, known.map(\.score))
        return report
    }

    static func cosine(_ vectors: Matrix, _ first: Int, _ second: Int) -> Double {
        let a = vectors.row(first), b = vectors.row(second)
        var dot = 0.0, aa = 0.0, bb = 0.0
        for column in 0 ..< vectors.columns {
            let x = Double(a[column]), y = Double(b[column])
            dot += x * y
            aa += x * x
            bb += y * y
        }
        let cosine = dot / (aa * bb).squareRoot()
        return cosine.isFinite ? cosine : 0
    }

    /// Pearson's correlation of the ranks, equal values sharing the mean of theirs.
    package static func spearman(_ left: [Double], _ right: [Double]) -> Double? {
        precondition(left.count == right.count, "\(left.count) against \(right.count) values")
        guard left.count >= 2 else { return nil }
        let a = ranks(left), b = ranks(right)
        let mean = Double(left.count + 1) / 2
        var covariance = 0.0, aa = 0.0, bb = 0.0
        for (x, y) in zip(a, b) {
            covariance += (x - mean) * (y - mean)
            aa += (x - mean) * (x - mean)
            bb += (y - mean) * (y - mean)
        }
        return aa == 0 || bb == 0 ? nil : covariance / (aa * bb).squareRoot()
    }

    /// From 1; a run of equal values gets the mean of its ranks.
    package static func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
            for index in start ..< end { ranks[order[index]] = Double(start + 1 + end) / 2 }
            start = end
        }
        return ranks
    }
}
