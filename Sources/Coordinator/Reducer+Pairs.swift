// The merge of the tables of pairs, and the vectors in a finished GloVe model.

import Files
import FoundationEssentials
import Protocol
import Tensors
import Transport

/// The pairs of two blocks of words, in a file of the job's directory.
struct PairShard: Codable, Equatable {
    let name: String
    let size: Int
    let checksum: UInt64
    let pairs: Int
}

/// From one table a piece of text, cut into parts, to one table a part. What is in memory does not
/// grow with the tables: they are files, read and written from start to end.
struct PairsReduction {
    let directory: JobDirectory
    private static let listName = "pairs"

    /// - Throws: a `Fault` with code `data` unless it is a sound table of the job's shape.
    static func check(
        _ output: Frame, vocabulary: Int, parts: Int, isSymmetric: Bool
    ) throws(Fault) {
        do throws(CooccurrenceError) {
            try reading(output) { (table) throws(CooccurrenceError) in
                guard table.vocabulary == vocabulary, table.parts == parts,
                    table.isSymmetric == isSymmetric
                else {
                    throw .unmergeable(
                        reason: "this one has \(table.parts) parts of \(table.vocabulary) words, "
                            + "and was to have \(parts) of \(vocabulary)")
                }
                try table.validate()
            }
        } catch { throw Fault(.data, "the pairs are refused: \(error)") }
    }

    private static func reading(
        _ frame: Frame, _ body: (CooccurrenceTable) throws(CooccurrenceError) -> Void
    ) throws(CooccurrenceError) {
        let result = frame.withUnsafeBytes { bytes in
            Result { () throws(CooccurrenceError) in try body(try CooccurrenceTable(bytes)) }
        }
        try result.get()
    }

    /// Merges what the units left and remembers it.
    func write(_ outputs: RoundOutputs, parts: Int) throws(Fault) -> [PairShard] {
        try makeDirectory(directory.path)
        let frames = (0..<outputs.count).compactMap { outputs.frames(of: $0, isChecked: true) }
        var tables: [CooccurrenceTable] = []
        for unit in frames { tables.append(try Self.table(try unit.output(0, of: 1))) }
        defer { withExtendedLifetime(frames) {} }
        let merged = tables
        let shards = try Parallel.map(count: parts, threads: processorCount()) {
            (range) throws(Fault) in
            var shards: [PairShard] = []
            for part in range { shards.append(try write(part, of: merged)) }
            return shards
        }.flatMap { $0 }
        guard let list = try? JSONEncoder().encode(shards) else {
            throw Fault(.internalError, "the pairs of job \(directory.job) cannot be listed")
        }
        try directory.save(Frame(list), as: Self.listName)
        return shards
    }

    /// The table points into the frame.
    private static func table(_ frame: Frame) throws(Fault) -> CooccurrenceTable {
        let read = frame.withUnsafeBytes { bytes in
            Result { () throws(CooccurrenceError) in try CooccurrenceTable(bytes) }
        }
        do throws(CooccurrenceError) { return try read.get() } catch {
            throw Fault(.data, "the pairs cannot be merged: \(error)")
        }
    }

    private func write(
        _ part: Int, of tables: [CooccurrenceTable]
    ) throws(Fault) -> PairShard {
        let name = "pairs-\(part)"
        let path = directory.path(of: name)
        do {
            let pairs = try CooccurrenceMerge.write(
                tables, parts: part..<part + 1, to: path, durable: directory.isDurable)
            let file = try MappedFile(path: path)
            return PairShard(
                name: name, size: file.bytes.count, checksum: Checksum.of(file.bytes),
                pairs: pairs)
        } catch CooccurrenceError.file(let error) {
            throw Fault(
                .temporary, "the pairs of job \(directory.job) cannot be kept: \(error)",
                retryable: true)
        } catch { throw Fault(.data, "the pairs cannot be merged: \(error)") }
    }

    /// What an earlier process merged; nil unless all of it is there as it was written.
    var kept: [PairShard]? {
        guard let frame = directory.load(Self.listName),
            let shards = try? JSONDecoder().decode([PairShard].self, from: Data(frame.bytes))
        else { return nil }
        for shard in shards {
            guard let file = try? MappedFile(path: directory.path(of: shard.name)),
                file.bytes.count == shard.size, Checksum.of(file.bytes) == shard.checksum
            else {
                directory.sayDamaged(shard.name)
                return nil
            }
        }
        return shards
    }
}

/// The shape of a GloVe model: two matrices whose rows carry biases and accumulators.
struct GloVeModel {
    let rows: Int
    let seed: UInt64
    private let layout: AdaptiveRows
    private let threads = processorCount()

    init(rows: Int, dimension: Int, seed: UInt64) {
        self.rows = rows
        self.seed = seed
        layout = AdaptiveRows(dimension: dimension)
    }

    static func columns(dimension: Int) -> Int { AdaptiveRows(dimension: dimension).columns }

    /// Version 0, as every worker makes it from the same seed.
    func average() throws(Fault) -> ModelAverage {
        let words = try holding { () throws(TensorError) in
            try layout.matrix(rows: rows, seed: layout.wordSeed(seed), threads: threads)
        }
        let contexts = try holding { () throws(TensorError) in
            try layout.matrix(rows: rows, seed: layout.contextSeed(seed), threads: threads)
        }
        return try ModelAverage(beginning: words, contexts, momentum: 0)
    }

    func vectors(
        of average: ModelAverage, _ kind: TrainGloVe.Vectors
    ) throws(Fault) -> Frame {
        let (words, contexts) = (average.input.parameters, average.output.parameters)
        return try holding { () throws(TensorError) in
            try layout.values(
                of: words, plus: kind == .sum ? contexts : nil, threads: threads)
        }.frame
    }

    func contexts(of average: ModelAverage) throws(Fault) -> Frame {
        let contexts = average.output.parameters
        return try holding { () throws(TensorError) in
            try layout.values(of: contexts, threads: threads)
        }.frame
    }

    private func holding(_ make: () throws(TensorError) -> Matrix) throws(Fault) -> Matrix {
        do throws(TensorError) { return try make() } catch {
            throw Fault(.unavailable, "the coordinator cannot hold the parameters: \(error)")
        }
    }
}
