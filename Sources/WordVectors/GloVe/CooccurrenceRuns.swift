// One thread's share of counting: a hash table, and the sorted runs that it leaves when it is full.

import CKernels
import Files
import Glibc
import Tensors

/// The files of the runs go with this object.
final class CooccurrenceRuns: @unchecked Sendable {
    private(set) var paths: [String] = []
    private let counter: CooccurrenceCounter
    private let prefix: String
    private var slots: AlignedBuffer
    private var table: glove_table
    private let capacityMax: Int

    /// A table is filled to seven tenths, and sorting wants that much again.
    private static let load = (of: 10, filled: 7)
    private static let entryBytes = MemoryLayout<glove_count>.stride
    private static let spare = 4 * Int(GLOVE_MAX_WINDOW)
    /// The first table fits a cache; one that is full gives way to another of four times its size.
    private static let capacityMin = 1 << 15
    private static let growth = 4
    /// A larger one would take longer to sort than a unit may be silent.
    private static let capacityLimit = 1 << 28

    /// - Parameter share: threads that the memory is divided among.
    init(
        _ counter: CooccurrenceCounter, prefix: String, share: Int
    ) throws(CooccurrenceCountError) {
        self.counter = counter
        self.prefix = prefix
        let unit = Self.entryBytes * (Self.load.of + Self.load.filled)
        let affordable = counter.settings.memoryBytes / share / unit * Self.load.of
        capacityMax = min(max(affordable, Self.capacityMin), Self.capacityLimit)
        (table, slots) = try Self.table(Self.capacityMin)
    }

    private static func table(
        _ capacity: Int
    ) throws(CooccurrenceCountError) -> (glove_table, AlignedBuffer) {
        let slots = try buffer(entries: capacity)
        let table = glove_table(
            slots: slots.baseAddress.assumingMemoryBound(to: glove_count.self),
            capacity: capacity, limit: (capacity - spare) * load.filled / load.of, used: 0)
        return (table, slots)
    }

    private static func buffer(entries: Int) throws(CooccurrenceCountError) -> AlignedBuffer {
        do throws(TensorError) {
            return try AlignedBuffer(byteCount: entries * entryBytes)
        } catch { throw .tensor(error) }
    }

    deinit { for path in paths { unlink(path) } }

    /// Counts a stretch of ids that begins where a sentence does.
    ///
    /// - Parameter offset: its place in the whole text, for errors.
    func count(
        _ ids: UnsafeBufferPointer<Int32>, from offset: Int, _ progress: CooccurrenceProgress
    ) throws(CooccurrenceCountError) {
        var position = 0
        repeat {
            // In steps, so that somebody can see it go and stop it.
            let step = min(ids.count, position + 100_000)
            var text = glove_text(
                ids: ids.baseAddress, count: step, vocabulary: Int32(counter.vocabulary),
                window: Int32(counter.settings.window),
                symmetric: counter.settings.isSymmetric ? 1 : 0)
            let begin = position
            guard glove_count_text(&table, &text, &position) == 0 else {
                throw .notAWord(
                    id: ids[position], position: offset + position, vocabulary: counter.vocabulary)
            }
            progress.read.add(position - begin)
            if progress.isStopped { throw .table(.file(.cancelled)) }
            if position == ids.count {
                try spill(progress)
            } else if position < step {
                if table.capacity < capacityMax { try grow() } else { try spill(progress) }
            }
        } while position < ids.count
    }

    private func grow() throws(CooccurrenceCountError) {
        var (larger, buffer) = try Self.table(min(table.capacity * Self.growth, capacityMax))
        glove_move(&table, &larger)
        table = larger
        slots = buffer
    }

    /// Writes what the table holds as a run.
    private func spill(_ progress: CooccurrenceProgress) throws(CooccurrenceCountError) {
        let count = table.used
        let blocks = counter.settings.blocks
        let parts = CooccurrenceSettings.parts(blocks: blocks)
        let scratch = try Self.buffer(entries: max(count, 1))
        defer { withExtendedLifetime(scratch) {} }
        guard
            let sorted = glove_sort(
                &table, scratch.baseAddress.assumingMemoryBound(to: glove_count.self),
                Int32(counter.vocabulary), UInt32(blocks))
        else { return }
        let path = "\(prefix)\(paths.count)"
        do throws(CooccurrenceError) {
            let writer = try CooccurrenceWriter(
                path: path, vocabulary: counter.vocabulary, parts: parts,
                isSymmetric: counter.settings.isSymmetric)
            var next = 0
            for part in 0..<parts {
                while next < count,
                    blocks == 1 || glove_part(sorted[next].key, UInt32(blocks)) == part
                {
                    try writer.append(Cooccurrence(sorted[next]))
                    next += 1
                    if next % CooccurrenceProgress.step == 0 {
                        progress.written.add(CooccurrenceProgress.step)
                    }
                }
                writer.endPart()
            }
            paths.append(path)
            try writer.finish()
        } catch { throw .table(error) }
        memset(table.slots, 0, table.capacity * Self.entryBytes)
    }
}

extension Cooccurrence {
    fileprivate init(_ count: glove_count) {
        self.init(
            row: UInt32(truncatingIfNeeded: count.key >> 32),
            column: UInt32(truncatingIfNeeded: count.key), sum: count.sum)
    }
}
