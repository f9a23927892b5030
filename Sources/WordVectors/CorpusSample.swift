// What a corpus is like, told from a small part of it.

public import Files
import Glibc
public import Tensors

/// The words of some blocks of a corpus, spread evenly over it, and from them what the whole has.
///
/// The number of different words grows as a power of the number of words, V(n) = K n^β (Heaps:
/// Information Retrieval, 1978, section 7.5); K and β come from the growth within the sample, and
/// the end of it counts, because β falls slowly. Words that occur m times in N words are about as
/// many as those that occur once in N / m, times a factor that the sample tells.
public struct CorpusSample: Sendable {
    /// Words seen so far, and how many were different.
    struct Growth: Sendable, Equatable {
        let words: Double
        let different: Double
    }

    /// Bytes of the corpus, and of the blocks that were looked at.
    public let corpusBytes: Int
    public let sampledBytes: Int
    /// The blocks, in an order in which every beginning is spread over the corpus.
    public let blocks: [Int]
    /// Their counts, in the order of keys.
    public let table: CountTable
    let growth: [Growth]

    /// Counts the words of up to `bytesMax` bytes.
    ///
    /// - Throws: as `WordCounter.count`; `.malformed` when there is not a word.
    public init(
        _ source: some TextSource, layout: CorpusLayout, bytesMax: Int = 8 << 20, threads: Int = 1
    ) throws(FileError) {
        corpusBytes = layout.byteCount
        blocks = Self.spread(layout.blockCount, atMost: max(1, bytesMax / layout.blockBytes))
        sampledBytes = blocks.reduce(0) { $0 + layout.nominal($1).range.count }
        var growth: [Growth] = []
        var merged: CountTable?
        var done = 0
        while done < blocks.count {
            // Twice as many every time, from a sixteenth of the sample on.
            let end = min(blocks.count, done == 0 ? max(1, blocks.count / 16) : 2 * done)
            let next = try WordCounter.count(
                source, layout: layout, blocks: Array(blocks[done..<end]), threads: threads)
            let both = try Self.merge(merged, next)
            merged = both
            // Blocks of blanks tell nothing.
            if both.total > 0 {
                growth.append(Growth(words: Double(both.total), different: Double(both.entries)))
            }
            done = end
        }
        guard let merged, merged.total > 0 else {
            throw .malformed(path: "the corpus", offset: 0, reason: "there is no word in it")
        }
        table = merged
        self.growth = growth
    }

    /// Some of `count` blocks, each as far from the others as may be.
    static func spread(_ count: Int, atMost limit: Int) -> [Int] {
        let taken = min(count, limit)
        let even = (0..<taken).map { count * $0 / max(taken, 1) }
        // By reversed bits: halves, then quarters, then eighths.
        let bits = Int.bitWidth - max(taken - 1, 0).leadingZeroBitCount
        return (0..<(1 << bits)).compactMap { index in
            let reversed = (0..<bits).reduce(0) { $0 << 1 | (index >> $1 & 1) }
            return reversed < taken ? even[reversed] : nil
        }
    }

    private static func merge(
        _ first: CountTable?, _ second: CountTable
    ) throws(FileError) -> CountTable {
        guard let first else { return second }
        do { return try CountTable.merge([first, second]) } catch {
            throw .outOfMemory(doing: "counting the words of a sample")
        }
    }
}

// MARK: - The whole corpus

extension CorpusSample {
    /// Whether it is no estimate.
    public var isWhole: Bool { sampledBytes == corpusBytes }

    /// Words of the corpus for one of the sample.
    public var scale: Double {
        sampledBytes > 0 ? Double(corpusBytes) / Double(sampledBytes) : 1
    }

    /// Occurrences of words.
    public var words: Double { Double(table.total) * scale }

    /// β at the end of the sample.
    public var exponent: Double {
        // Over the last half of it: a small step tells nothing.
        guard let last = growth.last,
            let before = growth.last(where: { $0.words <= 0.6 * last.words }),
            before.different > 0
        else { return 0.6 }
        return min(
            1, max(0, Self.ratio(last.different / before.different, last.words / before.words)))
    }

    /// Different words among the first `words` words.
    public func different(_ words: Double) -> Double {
        guard let first = growth.first, let last = growth.last else { return 0 }
        if words >= last.words {
            return last.different * pow(words / last.words, exponent)
        }
        if words <= first.words { return first.different * pow(words / first.words, 0.7) }
        let end = growth.firstIndex { $0.words > words } ?? growth.count - 1
        let (low, high) = (growth[end - 1], growth[end])
        let share = Self.ratio(words / low.words, high.words / low.words)
        return low.different * pow(high.different / low.different, share)
    }

    /// Different words that occur `minimum` times or more in the corpus.
    public func vocabulary(minimum: Int) -> Double {
        let (seen, _) = atLeast(minimum)
        guard !isWhole else { return Double(seen) }
        let size = Double(table.total)
        let alike = different(size / Double(minimum))
        guard seen > 0, alike > 0 else { return different(words / Double(minimum)) }
        return Double(seen) * different(words / Double(minimum)) / alike
    }

    /// Occurrences in the corpus of the words that occur `minimum` times or more.
    public func occurrences(minimum: Int) -> Double {
        let (_, kept) = atLeast(minimum)
        let dropped = 1 - Double(kept) / Double(max(table.total, 1))
        // Rare words are as many as different ones, so that their share falls as n^(β - 1).
        return words * (1 - dropped * pow(scale, exponent - 1))
    }

    private func atLeast(_ minimum: Int) -> (words: Int, occurrences: UInt64) {
        var found = (words: 0, occurrences: UInt64(0))
        for index in 0..<table.entries where table.count(at: index) >= UInt64(max(minimum, 1)) {
            found.words += 1
            found.occurrences += table.count(at: index)
        }
        return found
    }

    /// How many times the growth by `unit` is in that by `factor`, as powers are.
    private static func ratio(_ factor: Double, _ unit: Double) -> Double {
        unit > 1 ? log(factor) / log(unit) : 0
    }
}
