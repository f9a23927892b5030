// What a finished training job has made: words, both matrices, and the settings they come from.

import Protocol
import Tensors
import Transport
import WordJobs
import WordVectors

struct TrainedModel {
    let settings: TrainWords
    let vocabulary: Vocabulary
    /// Nil if words were trained as wholes.
    let subwords: SubwordTable?
    /// `[words, dimension]`, behind them a row for each bucket of n-grams.
    let input: Matrix
    /// Nil unless they were kept, and are vectors of words.
    let output: Matrix?

    /// One of a word's vectors for every word; of n-grams, the mean of the word's rows.
    func table(_ layer: VectorLayer) throws -> WordVectorTable {
        let words = try subwords?.vectors(of: input, threads: processorCount()) ?? input
        switch layer {
        case .input: return try WordVectorTable(vocabulary, vectors: words)
        case .output: return try WordVectorTable(vocabulary, vectors: try kept())
        case .sum:
            let sum = try Matrix(rows: words.rows, columns: words.columns)
            let output = try kept()
            for index in 0..<sum.rows * sum.stride {
                sum.base[index] = words.base[index] + output.base[index]
            }
            return try WordVectorTable(vocabulary, vectors: sum)
        }
    }

    /// The output vectors of words.
    @discardableResult
    func kept() throws(Fault) -> Matrix {
        guard let output else {
            throw Fault(
                .payloadMissing,
                "the job has no output vectors of words; it was not asked to keep them, or its "
                    + "loss is hierarchical softmax")
        }
        return output
    }

    /// All from which a later training can go on.
    func writeCheckpoint(to path: String) throws {
        try WordCheckpoint.write(
            WordModelKind(settings), vocabulary, input: input, output: try kept(), to: path)
    }

    /// As a fastText `.bin`. Without outputs that are vectors of words, zeros stand for them:
    /// words and n-grams are all that anybody looks up in such a file.
    func writeFastText(to path: String) throws {
        let arguments = FastTextArguments(
            model: settings.architecture == .cbow ? .cbow : .skipGram,
            loss: settings.loss == .hierarchicalSoftmax
                ? .hierarchicalSoftmax : .negativeSampling,
            dimensions: input.columns, window: settings.window, epochs: settings.epochs,
            minimumCount: settings.minimumCount, negative: settings.negative,
            sample: settings.sample, subwords: subwords?.settings)
        try SubwordVectors.write(
            words: vocabulary.words, counts: vocabulary.counts, subwords: subwords, input: input,
            output: output ?? (try Matrix(rows: 0, columns: input.columns)),
            arguments: arguments, to: path)
    }
}
