// The parameters of a word-vector model: how many rows they have, and what they are at first.

import Protocol
import Tensors
import Transport
import WordJobs
import WordVectors

/// The shapes of both matrices, as the settings and the vocabulary make them.
struct ModelShape {
    let inputRows: Int
    let outputRows: Int
    let dimension: Int
    private let settings: WordTrainingSettings
    private let hasSubwords: Bool

    init(_ spec: TrainWords, _ vocabulary: VocabularyReduction) throws(Fault) {
        dimension = spec.dimension
        do {
            settings = try spec.trainingSettings()
            let words = spec.subwords == nil ? nil : try Vocabulary(vocabulary.table())
            let subwords = try words.flatMap { try spec.subwordTable(of: $0) }
            hasSubwords = subwords != nil
            inputRows = subwords?.rowCount ?? vocabulary.count
            outputRows = WordParameters.outputRows(
                loss: settings.loss, vocabulary: vocabulary.count)
        } catch { throw Fault(.data, "\(error)") }
    }

    /// Version 0 of the parameters, as every worker makes it for itself from the same seed.
    func begin(momentum: Double) throws(Fault) -> ModelAverage {
        do throws(TensorError) {
            let parameters = WordParameters(
                input: try Matrix(rows: inputRows, columns: dimension),
                output: try Matrix(rows: outputRows, columns: dimension))
            parameters.begin(
                settings: settings, hasSubwords: hasSubwords, threads: processorCount())
            return ModelAverage(
                input: try OuterNesterov(
                    parameters: parameters.input, momentum: Float(momentum), rate: 1),
                output: try OuterNesterov(
                    parameters: parameters.output, momentum: Float(momentum), rate: 1))
        } catch {
            throw Fault(.unavailable, "the coordinator cannot hold the parameters: \(error)")
        }
    }
}
