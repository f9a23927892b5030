// The measures of rankings, under the names that ir_measures gives them.

/// A measure with its depth, written `nDCG@10`, `AP`, `RR@10`, `R@100`, `P@5`, `Success@1`; what
/// counts as relevant may be said as in `RR(rel=2)@10`. `MAP` and `MRR`, names of the means over
/// queries, are AP and RR.
public struct RankingMeasure: Sendable, Hashable, CustomStringConvertible {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Normalised discounted cumulative gain (Järvelin and Kekäläinen 2002) with the grade as
        /// gain and log2(rank + 1) as discount, as trec_eval has it. Grades below 0 gain nothing.
        case nDCG
        /// Average precision: precision at each relevant document, over all relevant ones.
        case averagePrecision = "AP"
        /// 1 / the rank of the first relevant document; its mean is MRR.
        case reciprocalRank = "RR"
        case precision = "P"
        case recall = "R"
        /// Whether there is a relevant document at all.
        case success = "Success"

        /// Of its own name, or of that of its mean over queries.
        init?(named name: String) {
            switch name {
            case "MAP": self = .averagePrecision
            case "MRR": self = .reciprocalRank
            default: self.init(rawValue: name)
            }
        }

        var needsCutoff: Bool { self == .precision || self == .recall || self == .success }
    }

    public let kind: Kind
    /// Ranks that are looked at; nil is all.
    public let cutoff: Int?
    /// The least grade that counts as relevant. nDCG has no use for it.
    public let relevance: Int32
    /// What whoever asked calls the kind, and looks for among the figures.
    private let title: String

    /// - Throws: `.unknownMeasure`.
    public init(_ name: String) throws(EvaluationError) {
        let parts = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let head = parts[0].split(separator: "(", maxSplits: 1, omittingEmptySubsequences: false)
        guard let kind = Kind(named: String(head[0])) else { throw .unknownMeasure(name) }
        var relevance: Int32 = 1
        if head.count == 2 {
            guard head[1].hasPrefix("rel="), head[1].hasSuffix(")"), kind != .nDCG,
                let grade = Int32(head[1].dropFirst(4).dropLast()), grade >= 1
            else { throw .unknownMeasure(name) }
            relevance = grade
        }
        var cutoff: Int?
        if parts.count == 2 {
            guard let depth = Int(parts[1]), depth >= 1, depth <= Int(Int32.max),
                parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) })
            else { throw .unknownMeasure(name) }
            cutoff = depth
        }
        guard cutoff != nil || !kind.needsCutoff else { throw .unknownMeasure(name) }
        self.kind = kind
        self.cutoff = cutoff
        self.relevance = relevance
        title = String(head[0])
    }

    public var description: String {
        title + (relevance == 1 ? "" : "(rel=\(relevance))")
            + (cutoff.map { "@\($0)" } ?? "")
    }

    /// - Parameters:
    ///   - grades: of the documents found, in their order; nil where nobody judged.
    ///   - ideal: the grades of all judged documents, the highest first.
    func value(_ grades: [Int32?], ideal: [Int32]) -> Double {
        let shown = grades.prefix(cutoff ?? grades.count)
        switch kind {
        case .nDCG:
            let best = Self.gain(ideal.prefix(cutoff ?? ideal.count).map(Optional.some)[...])
            return best > 0 ? Self.gain(shown) / best : 0
        case .averagePrecision: return averagePrecision(shown, ideal)
        case .reciprocalRank:
            return shown.firstIndex(where: isRelevant).map { 1 / Double($0 + 1) } ?? 0
        case .precision:
            return Double(shown.count(where: isRelevant)) / Double(cutoff ?? max(shown.count, 1))
        case .recall:
            let relevant = ideal.count(where: isRelevant)
            return relevant == 0 ? 0 : Double(shown.count(where: isRelevant)) / Double(relevant)
        case .success: return shown.contains(where: isRelevant) ? 1 : 0
        }
    }

    private func isRelevant(_ grade: Int32?) -> Bool { (grade ?? 0) >= relevance }

    private func averagePrecision(_ shown: ArraySlice<Int32?>, _ ideal: [Int32]) -> Double {
        let relevant = ideal.count(where: isRelevant)
        var sum = 0.0
        var found = 0
        for (index, grade) in shown.enumerated() where isRelevant(grade) {
            found += 1
            sum += Double(found) / Double(index + 1)
        }
        return relevant == 0 ? 0 : sum / Double(relevant)
    }

    private static func gain(_ grades: ArraySlice<Int32?>) -> Double {
        var sum = 0.0
        for (index, grade) in grades.enumerated() {
            guard let grade, grade > 0 else { continue }
            sum += Double(grade) / logarithm(index + 2)
        }
        return sum
    }
}
