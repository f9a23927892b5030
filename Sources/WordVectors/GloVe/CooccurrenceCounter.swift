// Counts which words of an encoded text stand near each other, in bounded memory.

import CKernels
public import Files
import Glibc
public import Tensors

/// How pairs are counted (Pennington et al. 2014, section 4.2): two words of one sentence at
/// distance d <= window weigh 1/d.
public struct CooccurrenceSettings: Sendable, Equatable {
    /// Words to each side, 1...64.
    public var window: Int
    /// Whether both sides count; if not, the context of a word is what stands left of it.
    public var isSymmetric: Bool
    /// Blocks that the words are dealt to by the remainder of their ids, 1...64. The pairs of every
    /// two blocks are a part.
    public var blocks: Int
    /// Bytes of all tables in memory at one time; what does not fit goes through files.
    public var memoryBytes: Int

    /// The least memory that is kept to, a thread.
    public static let memoryBytesMin = 16 << 20

    public static let blocksMax = 64

    /// Where the pairs of words of blocks `a` and `b` stand, in either order.
    public static func part(_ a: Int, _ b: Int) -> Int {
        let (low, high) = (min(a, b), max(a, b))
        return high * (high + 1) / 2 + low
    }

    public static func parts(blocks: Int) -> Int { blocks * (blocks + 1) / 2 }

    public init(
        window: Int = 15, isSymmetric: Bool = true, blocks: Int = 1, memoryBytes: Int = 512 << 20
    ) {
        precondition((1...GLOVE_MAX_WINDOW).contains(window), "a window of \(window)")
        precondition((1...Self.blocksMax).contains(blocks), "\(blocks) blocks")
        self.window = window
        self.isSymmetric = isSymmetric
        self.blocks = blocks
        self.memoryBytes = max(memoryBytes, Self.memoryBytesMin)
    }
}

/// What counting can end with, besides a table.
public enum CooccurrenceCountError: Error, Sendable, Equatable, CustomStringConvertible {
    case notAWord(id: Int32, position: Int, vocabulary: Int)
    case tensor(TensorError)
    case table(CooccurrenceError)

    public var description: String {
        switch self {
        case .notAWord(let id, let position, let vocabulary):
            "\(WordTrainingError.notAWord(id: id, position: position, vocabulary: vocabulary))"
        case .tensor(let error): "\(error)"
        case .table(let error): "\(error)"
        }
    }
}

/// How far a counting is, for whoever watches it.
public struct CooccurrenceProgress: Sendable {
    /// Ids that were read, and pairs that were written: those in runs are written again.
    public let read = TrainingControl()
    public let written = TrainingControl()
    static let step = CooccurrenceMerge.pairsBetweenQuestions

    public init() {}

    public func stop() { read.stop() }
    public var isStopped: Bool { read.isStopped }
}

/// Threads count stretches of the text in hash tables of their own. A full table is sorted and
/// written as a run; in the end all runs are merged. Sums are whole numbers, so the file is the
/// same for every number of threads and any memory.
public struct CooccurrenceCounter: Sendable {
    public let settings: CooccurrenceSettings
    public let vocabulary: Int

    public init(settings: CooccurrenceSettings, vocabulary: Int) {
        precondition((1...Int(Int32.max)).contains(vocabulary), "\(vocabulary) words")
        self.settings = settings
        self.vocabulary = vocabulary
    }

    /// Counts the pairs of `ids` into a table at `path`; runs stand beside it and go.
    ///
    /// - Parameter progress: shows what is done, and may stop the counting.
    /// - Returns: pairs, and runs that they were merged from.
    public func count(
        _ ids: UnsafeBufferPointer<Int32>, to path: String, threads: Int,
        progress: CooccurrenceProgress = CooccurrenceProgress()
    ) throws(CooccurrenceCountError) -> (pairs: Int, runs: Int) {
        let wanted = min(threads, settings.memoryBytes / CooccurrenceSettings.memoryBytesMin)
        let slices = WordTrainer.slices(of: 0..<ids.count, in: ids, count: max(1, wanted))
        let runs = try Parallel.map(slices) { (index, slice) throws(CooccurrenceCountError) in
            let run = try CooccurrenceRuns(
                self, prefix: "\(path).run-\(index)-", share: slices.count)
            try run.count(
                UnsafeBufferPointer(rebasing: ids[slice]), from: slice.lowerBound, progress)
            return run
        }
        // They go with this function, however it ends.
        defer { withExtendedLifetime(runs) {} }
        let paths = runs.flatMap(\.paths)
        if paths.count == 1 {
            return (try adopt(paths[0], as: path), 1)
        }
        return (try merge(paths, to: path, progress), paths.count)
    }

    private func merge(
        _ paths: [String], to path: String, _ progress: CooccurrenceProgress
    ) throws(CooccurrenceCountError) -> Int {
        do throws(CooccurrenceError) {
            let files = try paths.map { path throws(CooccurrenceError) in
                try CooccurrenceFile(path: path)
            }
            defer { withExtendedLifetime(files) {} }
            return try CooccurrenceMerge.write(
                files.map(\.table), to: path
            ) {
                progress.written.add(CooccurrenceProgress.step)
                return progress.isStopped
            }
        } catch { throw .table(error) }
    }

    private func adopt(_ run: String, as path: String) throws(CooccurrenceCountError) -> Int {
        guard rename(run, path) == 0 else {
            throw .table(.file(.unwritable(path: path, reason: String(cString: strerror(errno)))))
        }
        do throws(CooccurrenceError) {
            return try CooccurrenceFile(path: path).table.pairs
        } catch { throw .table(error) }
    }
}

/// A table of pairs in a file.
public final class CooccurrenceFile: Sendable {
    /// Keeps the file.
    public let table: CooccurrenceTable
    public let file: MappedFile

    /// - Throws: `.file`, `.malformed`.
    public init(path: String) throws(CooccurrenceError) {
        do throws(FileError) { file = try MappedFile(path: path) } catch { throw .file(error) }
        file.willReadSequentially()
        table = try CooccurrenceTable(file.bytes, owner: file, what: path)
    }
}
