// The reductions: the only place where the control tower touches numbers.

import Protocol
import Tensors
import Transport

/// The merge of the tables of counts: words in order of falling count, rare ones dropped.
struct VocabularyReduction {
    let payload: Frame
    /// Words kept.
    let count: Int
    /// Occurrences of all words, and of the kept ones.
    let corpusWords: Double
    let keptWords: Double

    /// Words above 1,024 bytes that were dropped, and words in which UTF-8 was repaired.
    let overlongTokens: Double
    let replacedTokens: Double

    init(_ tables: [Frame], minimumCount: Int, limit: Int) throws(Fault) {
        let kept: CountTable
        let corpusWords: Double
        do throws(CountTableError) {
            var counts: [CountTable] = []
            for table in tables {
                let read = table.withUnsafeBytes { bytes in
                    Result { () throws(CountTableError) in try CountTable(copying: bytes) }
                }
                counts.append(try read.get())
            }
            let merged = try CountTable.merge(counts)
            guard merged.entries > 0 else {
                throw CountTableError.nothingLeft(minimum: 1, largest: 0, entries: 0)
            }
            kept = try merged.pruned(
                minimum: UInt64(minimumCount), limit: limit > 0 ? limit : nil)
            corpusWords = Double(merged.total)
        } catch { throw Self.fault(error) }
        self.init(kept, payload: kept.withPayload { Frame($0) }, corpusWords: corpusWords)
    }

    /// What an earlier process made and saved.
    init(saved payload: Frame, corpusWords: Double) throws(Fault) {
        let read = payload.withUnsafeBytes { bytes in
            Result { () throws(CountTableError) in try CountTable(copying: bytes) }
        }
        let kept: CountTable
        do throws(CountTableError) { kept = try read.get() } catch { throw Self.fault(error) }
        self.init(kept, payload: payload, corpusWords: corpusWords)
    }

    private init(_ kept: CountTable, payload: Frame, corpusWords: Double) {
        self.payload = payload
        self.corpusWords = corpusWords
        count = kept.entries
        keptWords = Double(kept.total)
        // The order of the tallies is that of `WordCounter.Tallies`.
        overlongTokens = Double(kept.tallies[1])
        replacedTokens = Double(kept.tallies[2])
    }

    private static func fault(_ error: CountTableError) -> Fault {
        switch error {
        case .nothingLeft(_, largest: 0, _):
            Fault(.data, "the corpus has no words; name a text with words separated by spaces")
        case .nothingLeft(let minimum, let largest, _):
            Fault(
                .data, "no word of the corpus occurs \(minimum) times (the most frequent one "
                    + "occurs \(largest) times); lower --min-count or use a larger corpus")
        default: Fault(.data, "the counts of the corpus cannot be merged: \(error)")
        }
    }
}

/// The parameters of one training job and their outer Nesterov step.
///
/// The rows that workers hold are bit-identical to these: a step is rounded to bfloat16 before it
/// is taken here and sent there.
final class ModelAverage {
    var input: OuterNesterov
    var output: OuterNesterov
    private let threads = processorCount()

    /// Version 0 of the parameters, as every worker makes it for itself from the same seed.
    init(rows: Int, dimension: Int, seed: UInt64, momentum: Double) throws(Fault) {
        do throws(TensorError) {
            let parameters = try Matrix(rows: rows, columns: dimension)
            parameters.fillUniform(seed: seed, threads: threads)
            input = try OuterNesterov(
                parameters: parameters, momentum: Float(momentum), rate: 1)
            output = try OuterNesterov(
                parameters: try Matrix(rows: rows, columns: dimension),
                momentum: Float(momentum), rate: 1)
        } catch {
            throw Fault(.unavailable, "the coordinator cannot hold the parameters: \(error)")
        }
    }

    init(input: OuterNesterov, output: OuterNesterov) {
        self.input = input
        self.output = output
    }

    /// Takes the mean of the deltas, in the order of the partitions, as the outer gradient.
    /// - Returns: what every worker must add to its copy.
    ///   Only the first `rows` rows take part.
    func step(
        inputs: [Frame], outputs: [Frame], rows: Int
    ) throws(Fault) -> (input: Frame, output: Frame) {
        (
            try step(input, inputs, rows: rows, what: "input"),
            try step(output, outputs, rows: rows, what: "output")
        )
    }

    /// Goes on with copies of the parameters, because somebody may still be reading these.
    func leaveParameters() throws(Fault) {
        do throws(TensorError) {
            input = try input.copy(threads: threads)
            output = try output.copy(threads: threads)
        } catch {
            throw Fault(.unavailable, "the coordinator cannot copy the parameters: \(error)")
        }
    }

    private func step(
        _ optimizer: OuterNesterov, _ deltas: [Frame], rows: Int, what: String
    ) throws(Fault) -> Frame {
        let shape = (rows: optimizer.parameters.rows, dim: optimizer.parameters.columns)
        do throws(TensorError) {
            var views: [RowDelta.View] = []
            for (partition, delta) in deltas.enumerated() {
                let view = delta.withUnsafeBytes { bytes in
                    Result { () throws(TensorError) in
                        // Its values were looked at when it came.
                        try RowDelta.View(
                            bytes, expecting: shape,
                            what: "the \(what) change of partition \(partition)",
                            checkingValues: false)
                    }
                }
                views.append(try view.get())
            }
            let weights = [Float](repeating: 1 / Float(deltas.count), count: deltas.count)
            let merged = try optimizer.step(
                deltas: views, weights: weights, rows: rows, threads: threads)
            // The views point into the frames.
            withExtendedLifetime(deltas) {}
            let buffer = merged.buffer
            let bytes = UnsafeRawBufferPointer(start: buffer.baseAddress, count: buffer.byteCount)
            return Frame(bytes) { _ in withExtendedLifetime(buffer) {} }
        } catch {
            throw Fault(.data, "a change of the parameters is refused: \(error)")
        }
    }

    /// Offers the parameters in place; they must be withdrawn before the next step.
    func offerWhole(id: String, _ bulk: BulkExchange) -> ModelPayloads {
        ModelPayloads(
            input: bulk.offer(id: id + "/whole/input", frame: inputBytes, checksum: 0),
            output: bulk.offer(id: id + "/whole/output", frame: outputBytes, checksum: 0))
    }

    /// `[rows, stride]` of Float32, in place.
    var inputBytes: Frame { input.parameters.frame }
    var outputBytes: Frame { output.parameters.frame }
}

extension OuterNesterov {
    fileprivate func copy(threads: Int) throws(TensorError) -> OuterNesterov {
        let copy = try Matrix(rows: parameters.rows, columns: parameters.columns)
        copy.copy(from: parameters, threads: threads)
        return try OuterNesterov(
            parameters: copy, velocity: velocity, momentum: momentum, rate: rate)
    }
}

extension Matrix {
    fileprivate var frame: Frame {
        Frame(UnsafeRawBufferPointer(start: base, count: byteCount)) { _ in
            // The closure keeps the matrix alive as long as the frame.
            withExtendedLifetime(self) {}
        }
    }
}
