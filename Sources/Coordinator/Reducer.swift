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

    init(_ tables: [Frame], minimumCount: Int, limit: Int) throws(Fault) {
        do throws(TensorError) {
            let merged = try CountTable.merge(tables)
            let kept = try merged.ranked(minimum: UInt64(minimumCount), limit: limit)
            count = kept.count
            corpusWords = Double(merged.total)
            keptWords = Double(kept.total)
            payload = kept.payload
            guard count > 0 else {
                throw Fault(.data, Self.emptyComplaint(merged, minimumCount))
            }
        } catch let error as TensorError {
            throw Fault(.data, "the counts of the corpus cannot be merged: \(error)")
        }
    }

    private static func emptyComplaint(_ merged: CountTable, _ minimumCount: Int) -> String {
        merged.count == 0
            ? "the corpus has no words; name a text file with words separated by spaces"
            : "no word of the corpus occurs \(minimumCount) times (the most frequent one occurs "
                + "\(merged.largestCount) times); lower --min-count or use a larger corpus"
    }
}

/// The parameters of one training job and their outer Nesterov step.
///
/// The rows that workers hold are bit-identical to these: a step is rounded to bfloat16 before it
/// is taken here and sent there.
final class ModelAverage {
    private let input: Matrix
    private let output: Matrix
    private var inputStep: OuterNesterov
    private var outputStep: OuterNesterov
    private static let threads = 2

    /// Version 0 of the parameters, as every worker makes it for itself from the same seed.
    init(rows: Int, dimension: Int, seed: UInt64, momentum: Double) throws(Fault) {
        do throws(TensorError) {
            input = try Matrix(rows: rows, columns: dimension)
            output = try Matrix(rows: rows, columns: dimension)
            input.fillUniform(seed: seed)
            inputStep = try OuterNesterov(rows: rows, columns: dimension, momentum: momentum)
            outputStep = try OuterNesterov(rows: rows, columns: dimension, momentum: momentum)
        } catch {
            throw Fault(.unavailable, "the coordinator cannot hold the parameters: \(error)")
        }
    }

    /// Takes the mean of the deltas, in the order of the partitions, as the outer gradient.
    /// - Returns: what every worker must add to its copy.
    func step(inputs: [Frame], outputs: [Frame]) throws(Fault) -> (input: Frame, output: Frame) {
        do throws(TensorError) {
            return (
                try inputStep.step(input, deltas: inputs, threads: Self.threads),
                try outputStep.step(output, deltas: outputs, threads: Self.threads)
            )
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
    var inputBytes: Frame { input.frame }
    var outputBytes: Frame { output.frame }
}

extension Matrix {
    fileprivate var frame: Frame {
        Frame(UnsafeRawBufferPointer(start: base, count: byteCount)) { _ in
            // The closure keeps the matrix alive as long as the frame.
            withExtendedLifetime(self) {}
        }
    }
}
