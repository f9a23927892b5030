// The cells that GloVe trains on, in random order, in a file that is read in place.

import CKernels
import Files
import Glibc
public import Tensors

/// Each cell has the logarithm of its count and its weight worked out, because it is trained on in
/// every pass. A spool of this process: it has no header, and is not to be kept.
public final class GloVeCells: Sendable {
    /// Whether a cell stands for both orders of its words.
    public let isTwofold: Bool
    public let count: Int
    nonisolated(unsafe) let cells: UnsafePointer<glove_cell>?
    private let file: MappedFile

    /// Cells that are shuffled at one time: they fit a cache.
    private static let bucketCells = 1 << 17
    private static let bucketsMax = 256

    /// Shuffles the cells of a block of rows and one of columns into a file at `path`; maps it.
    /// Without a shuffle the rows of frequent words move long before the others.
    ///
    /// The order follows from the seed and the table. Cells are first dealt to buckets at random,
    /// then each bucket is shuffled, so that memory stays bounded.
    ///
    /// - Parameters:
    ///   - part: of `table`, the one of these two blocks.
    ///   - control: shows how it goes on, and may stop it.
    /// - Throws: `.malformed`, `.file`.
    public init(
        shuffling table: CooccurrenceTable, part: Int = 0, block: GloVeBlock = .whole,
        settings: GloVeSettings, seed: UInt64, path: String,
        control: TrainingControl = TrainingControl()
    ) throws(CooccurrenceError) {
        isTwofold = table.isSymmetric && block.row == block.column
        let deal = try BucketDeal(
            buckets: min(max(1, table.count(of: part) / Self.bucketCells), Self.bucketsMax),
            path: path, seed: seed)
        var cursor = table.cursor(part)
        let logMax = log(settings.xMax)
        while let pair = try cursor.next() {
            guard let (word, context) = block.cell(of: pair, isSymmetric: table.isSymmetric) else {
                continue
            }
            let logCount = log(Double(pair.sum)) - Self.logUnit
            let weight = logCount < logMax ? exp(settings.power * (logCount - logMax)) : 1
            try deal.add(
                glove_cell(
                    word: word, context: context, log_count: Float(logCount),
                    weight: Float(weight)))
            guard deal.count % Self.bucketCells == 0 else { continue }
            control.add(Self.bucketCells)
            if control.isStopped { throw .file(.cancelled) }
        }
        do throws(FileError) {
            try deal.finish(control)
            file = try MappedFile(path: path)
        } catch { throw .file(error) }
        file.willReadSequentially()
        count = file.bytes.count / MemoryLayout<glove_cell>.stride
        cells = file.bytes.baseAddress?.assumingMemoryBound(to: glove_cell.self)
    }

    private static let logUnit = Double(CooccurrenceTable.fractionBits) * M_LN2
}

/// Cells whose words are of one block and whose contexts are of another: word i is of block i mod
/// `blocks`. Blocks without a common row or column can be trained side by side as if it were one
/// after the other (Gemulla et al. 2011, section 3).
public struct GloVeBlock: Sendable, Hashable {
    public let row: Int
    public let column: Int
    public let blocks: Int

    public static let whole = GloVeBlock(row: 0, column: 0, blocks: 1)

    public init(row: Int, column: Int, blocks: Int) {
        precondition(
            blocks >= 1 && (0..<blocks).contains(row) && (0..<blocks).contains(column),
            "block (\(row), \(column)) of \(blocks)")
        self.row = row
        self.column = column
        self.blocks = blocks
    }

    /// The cell that a pair is in this block, if it is in it; nil if only the other order is.
    func cell(of pair: Cooccurrence, isSymmetric: Bool) -> (word: UInt32, context: UInt32)? {
        let (a, b) = (Int(pair.row) % blocks, Int(pair.column) % blocks)
        if (a, b) == (row, column) { return (pair.row, pair.column) }
        return isSymmetric && (b, a) == (row, column) ? (pair.column, pair.row) : nil
    }
}

/// Cells on their way to buckets, and from there into one file.
private final class BucketDeal {
    private(set) var count = 0
    private let target: AtomicFile
    private var buckets: [AtomicFile] = []
    private let paths: [String]
    private let seed: UInt64
    private static let cellBytes = MemoryLayout<glove_cell>.stride

    init(buckets count: Int, path: String, seed: UInt64) throws(CooccurrenceError) {
        self.seed = seed
        paths = (0..<count).map { "\(path).bucket-\($0)" }
        do throws(FileError) {
            target = try AtomicFile(path: path)
            for path in paths { buckets.append(try AtomicFile(path: path)) }
        } catch { throw .file(error) }
    }

    deinit { for path in paths { unlink(path) } }

    func add(_ cell: glove_cell) throws(CooccurrenceError) {
        let draw = SplitMix.derive(seed, UInt64(count))
        let bucket = Self.place(draw, below: buckets.count)
        do throws(FileError) {
            try buckets[bucket].write(atMost: Self.cellBytes) { bytes in
                bytes.storeBytes(of: cell, as: glove_cell.self)
                return Self.cellBytes
            }
        } catch { throw .file(error) }
        count += 1
    }

    /// 0..<bound from the upper half of a draw.
    private static func place(_ draw: UInt64, below bound: Int) -> Int {
        Int(((draw >> 32) * UInt64(bound)) >> 32)
    }

    func finish(_ control: TrainingControl) throws(FileError) {
        var bucket = 0
        while !buckets.isEmpty {
            if control.isStopped { throw .cancelled }
            // Taken from the list, so that its buffer goes.
            try buckets.removeFirst().commit(durable: false)
            let file = try MappedFile(path: paths[bucket])
            var cells = Array(file.bytes.bindMemory(to: glove_cell.self))
            let order = SplitMix.derive(~seed, UInt64(bucket))
            for left in stride(from: cells.count - 1, to: 0, by: -1) {
                let draw = SplitMix.derive(order, UInt64(left))
                cells.swapAt(left, Self.place(draw, below: left + 1))
            }
            let written = cells.withUnsafeBytes { bytes in
                Result { () throws(FileError) in try target.write(bytes) }
            }
            try written.get()
            unlink(paths[bucket])
            control.add(cells.count)
            bucket += 1
        }
        try target.commit(durable: false)
    }
}
