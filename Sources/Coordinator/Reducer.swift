// The reductions: the only place where the control tower touches numbers.

import Protocol
import Tensors
import Transport

/// The merge of the tables of counts: words in order of falling count, rare ones dropped.
struct VocabularyReduction {
    let payload: Frame
    /// Words kept.
    let count: Int
    /// Occurrences in the corpus of all words, and of the kept ones.
    let corpusWords: Double
    let keptWords: Double

    /// Occurrences of each kept word, by rank.
    let counts: [Double]
    /// Of these, those in this job's corpus, if it goes on from an earlier model.
    let newCounts: [Double]?

    /// Words above 1,024 bytes that were dropped, and words in which UTF-8 was repaired.
    let overlongTokens: Double
    let replacedTokens: Double

    /// - Parameter earlier: whose words stay, with the counts that they had.
    init(
        _ tables: [Frame], minimumCount: Int, limit: Int, earlier: EarlierModel? = nil
    ) throws(Fault) {
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
            let (minimum, limit) = (UInt64(minimumCount), limit > 0 ? limit : nil)
            if let earlier {
                kept = try earlier.grown(by: merged, minimum: minimum, limit: limit)
            } else {
                kept = try merged.pruned(minimum: minimum, limit: limit)
            }
            corpusWords = Double(merged.total)
        } catch { throw Self.fault(error) }
        self.init(
            kept, payload: kept.withPayload { Frame($0) }, corpusWords: corpusWords, earlier)
    }

    /// What an earlier process made and saved.
    init(
        saved payload: Frame, corpusWords: Double, earlier: EarlierModel? = nil
    ) throws(Fault) {
        let kept: CountTable
        do throws(CountTableError) { kept = try Self.table(payload) } catch {
            throw Self.fault(error)
        }
        self.init(kept, payload: payload, corpusWords: corpusWords, earlier)
    }

    /// The words by rank.
    func table() throws(CountTableError) -> CountTable { try Self.table(payload) }

    private static func table(_ payload: Frame) throws(CountTableError) -> CountTable {
        let read = payload.withUnsafeBytes { bytes in
            Result { () throws(CountTableError) in try CountTable(copying: bytes) }
        }
        return try read.get()
    }

    private init(
        _ kept: CountTable, payload: Frame, corpusWords: Double, _ earlier: EarlierModel?
    ) {
        self.payload = payload
        self.corpusWords = corpusWords
        count = kept.entries
        counts = (0..<kept.entries).map { Double(kept.count(at: $0)) }
        newCounts = earlier?.newCounts(in: kept)
        keptWords = newCounts?.reduce(0, +) ?? Double(kept.total)
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
                .data,
                "no word of the corpus occurs \(minimum) times (the most frequent one "
                    + "occurs \(largest) times); lower --min-count or use a larger corpus")
        default: Fault(.data, "the counts of the corpus cannot be merged: \(error)")
        }
    }
}

/// The parameters of one training job and their outer Nesterov step.
///
/// The rows that workers hold are bit-identical to these: a step is rounded before it is taken here
/// and sent there.
final class ModelAverage {
    var input: OuterNesterov
    var output: OuterNesterov
    /// Of the rows of both, if they were asked for.
    var checksums: (input: PieceChecksums, output: PieceChecksums)?
    private let threads = processorCount()

    /// Version 0 of the parameters, as every worker makes it for itself from the same seed.
    init(beginning input: Matrix, _ output: Matrix, momentum: Double) throws(Fault) {
        do throws(TensorError) {
            self.input = try OuterNesterov(
                parameters: input, momentum: Float(momentum), rate: 1)
            self.output = try OuterNesterov(
                parameters: output, momentum: Float(momentum), rate: 1)
        } catch {
            throw Fault(.unavailable, "the coordinator cannot hold the parameters: \(error)")
        }
    }

    init(input: OuterNesterov, output: OuterNesterov) {
        self.input = input
        self.output = output
    }

    /// Takes a share of the sum of the deltas, in the order of the partitions, as the outer
    /// gradient; the mean without `shares`. Only the first `rows` rows take part.
    /// - Parameters:
    ///   - weight: of each delta, where it is not their mean that is wanted.
    ///   - format: of the step.
    /// - Returns: what every worker must add to its copy.
    func step(
        inputs: [Frame], outputs: [Frame], rows: Int, weight: Float? = nil,
        shares: (input: RowShares, output: RowShares)? = nil, format: RowDelta.Format = .bf16
    ) throws(Fault) -> (input: Frame, output: Frame) {
        let weights = [Float](
            repeating: weight ?? 1 / Float(inputs.count), count: inputs.count)
        let steps = (
            input: try step(
                input, inputs, weights, rows: rows, shares?.input, format, what: "input"),
            output: try step(
                output, outputs, weights, rows: rows, shares?.output, format, what: "output")
        )
        noteMoved(steps.input.view, steps.output.view)
        return (Frame(steps.input), Frame(steps.output))
    }

    var rows: Int { input.parameters.rows }
    var columns: Int { input.parameters.columns }
    var momentum: Double { Double(input.momentum) }

    /// Goes on with copies of parameters and velocities: somebody may still be reading these.
    func leaveParameters() throws(Fault) {
        do throws(TensorError) {
            input = try input.copy(threads: threads)
            output = try output.copy(threads: threads)
        } catch {
            throw Fault(.unavailable, "the coordinator cannot copy the parameters: \(error)")
        }
    }

    private func step(
        _ optimizer: OuterNesterov, _ deltas: [Frame], _ weights: [Float], rows: Int,
        _ shares: RowShares?, _ format: RowDelta.Format, what: String
    ) throws(Fault) -> RowDelta {
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
            let merged = try optimizer.step(
                deltas: views, weights: weights, rows: rows, shares: shares, format: format,
                threads: threads)
            // The views point into the frames.
            withExtendedLifetime(deltas) {}
            return merged
        } catch {
            throw Fault(.data, "a change of the parameters is refused: \(error)")
        }
    }

    /// `[rows, stride]` of Float32, in place.
    var inputBytes: Frame { input.parameters.frame }
    var outputBytes: Frame { output.parameters.frame }
}

extension OuterNesterov {
    fileprivate func copy(threads: Int) throws(TensorError) -> OuterNesterov {
        let copy = try Matrix(rows: parameters.rows, columns: parameters.columns)
        copy.copy(from: parameters, threads: threads)
        let speeds = try Matrix(rows: velocity.rows, columns: velocity.columns)
        speeds.copy(from: velocity, threads: threads)
        return try OuterNesterov(
            parameters: copy, velocity: speeds, momentum: momentum, rate: rate)
    }
}

extension Frame {
    /// The bytes of a step, kept alive by the frame.
    fileprivate init(_ delta: RowDelta) {
        let buffer = delta.buffer
        let bytes = UnsafeRawBufferPointer(start: buffer.baseAddress, count: buffer.byteCount)
        self.init(bytes) { _ in withExtendedLifetime(buffer) {} }
    }
}

extension Matrix {
    /// Its bytes in place.
    var frame: Frame {
        Frame(UnsafeRawBufferPointer(start: base, count: byteCount)) { _ in
            // The closure keeps the matrix alive as long as the frame.
            withExtendedLifetime(self) {}
        }
    }
}
