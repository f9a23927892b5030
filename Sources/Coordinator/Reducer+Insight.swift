// What can be seen of a model while it trains: how far partitions are apart, and words' neighbours.

import Protocol
import Tensors
import Transport

extension ModelAverage {
    private static let sampledRows = stride(
        from: 0, to: TrainingHistory.sampledRowsEnd, by: TrainingHistory.sampledRowsStep)

    /// How far the partitions' changes of the input vectors point away from each other.
    /// See `RowDelta.divergence`.
    func divergence(_ deltas: [Frame]) -> Double? {
        let rows = input.parameters.rows
        let views = deltas.compactMap { delta in
            delta.withUnsafeBytes { bytes in
                try? RowDelta.View(
                    bytes, expecting: (rows, input.parameters.columns), checkingValues: false)
            }
        }
        guard views.count == deltas.count else { return nil }
        // The views point into the frames.
        defer { withExtendedLifetime(deltas) {} }
        return RowDelta.divergence(views, rows: Self.sampledRows.prefix { $0 < rows })
    }

    /// The words nearest to each of `probes` by cosine of the input vectors.
    func neighbours(
        of probes: ProbeWords, at round: Int
    ) throws(Fault) -> [TrainingHistory.Probe] {
        let found: [[Matrix.NearRow]]
        do throws(TensorError) {
            found = try input.parameters.nearest(
                to: probes.known.map(\.row), count: TrainingHistory.probeNeighbours)
        } catch {
            throw Fault(.temporary, "no room to look up neighbours: \(error)", retryable: true)
        }
        return zip(probes.known, found).map { known, near in
            TrainingHistory.Probe(
                round: round, word: known.word,
                neighbours: near.map {
                    .init(word: probes.words(at: $0.row), cosine: Double($0.cosine))
                })
        }
    }
}

/// Words that somebody wants to watch, and their rows.
struct ProbeWords {
    private(set) var known: [(word: String, row: Int)] = []
    private(set) var unknown: [String] = []
    private let vocabulary: CountTable?

    init(_ words: [String], in vocabulary: Frame) {
        let table =
            words.isEmpty
            ? nil
            : try? vocabulary.withUnsafeBytes { bytes in
                try CountTable(copying: bytes)
            }
        self.vocabulary = table
        var rows: [String: Int] = [:]
        let wanted = Set(words)
        for row in 0..<(table?.entries ?? 0) {
            let word = self.words(at: row)
            if wanted.contains(word) { rows[word] = rows[word] ?? row }
            if rows.count == wanted.count { break }
        }
        for word in words where !known.contains(where: { $0.word == word }) {
            if let row = rows[word] { known.append((word, row)) } else { unknown.append(word) }
        }
    }

    fileprivate func words(at row: Int) -> String {
        vocabulary?.withKey(at: row) { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
