// How a GloVe job is cut into pieces of text, blocks of words, and rounds: for the coordinator, and
// for estimates.

/// Pure arithmetic from a job's settings.
///
/// With n partitions words are dealt to n blocks. Round r trains n blocks of cells,
/// (p, p + r mod n), of which no two have a row or a column in common; n rounds are a pass over
/// the matrix.
package struct GloVePlan {
    /// Blocks of words.
    package let partitions: Int
    private let spec: TrainGloVe

    /// A piece leaves a table of a quarter of a gigabyte or so, which the coordinator takes whole.
    private static let pieceBytes = 128 << 20
    /// A round should not be much longer than the time between two checkpoints.
    private static let pairsPerUnit = 25e6

    /// - Parameter workers: slots that are connected now.
    package init(_ spec: TrainGloVe, workers: Int) {
        self.spec = spec
        let wanted = spec.partitions > 0 ? spec.partitions : spec.deterministic ? 4 : workers
        partitions = max(1, min(wanted, Limits.blocksMax))
    }

    /// Parts of a text in which pairs are counted.
    package static func pieces(workers: Int, corpusBytes: Int, blocks: Int) -> Int {
        let needed = (corpusBytes + pieceBytes - 1) / pieceBytes
        return max(1, min(max(workers, needed), blocks, Limits.unitsPerRoundMax))
    }

    /// Files of pairs: one for every two blocks.
    package static func parts(blocks: Int) -> Int { blocks * (blocks + 1) / 2 }
    package var parts: Int { Self.parts(blocks: partitions) }

    /// The file of the pairs of two blocks.
    package func part(_ a: Int, _ b: Int) -> Int { max(a, b) * (max(a, b) + 1) / 2 + min(a, b) }

    /// Slices that the cells of a block are cut into, so that rounds are not too long.
    package func slices(pairs: Int) -> Int {
        let cells = Double(pairs) / Double(parts)
        return max(1, min(100, Int((cells / Self.pairsPerUnit).rounded(.up))))
    }

    package func rounds(pairs: Int) -> Int { spec.epochs * slices(pairs: pairs) * partitions }

    /// The block of contexts that partition `partition` trains in a round.
    package func contexts(of partition: Int, round: Int) -> Int { (partition + round) % partitions }

    /// Units carry what they need; the list of files need not travel with them.
    package var settings: TrainGloVe {
        var settings = spec
        settings.files = []
        return settings
    }
}
