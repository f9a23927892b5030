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
    private let spec: TrainWords
    private let hasSubwords: Bool

    init(_ spec: TrainWords, _ vocabulary: VocabularyReduction) throws(Fault) {
        self.spec = spec
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

    /// Version 0 of the parameters, as every worker makes it for itself from the same seed; with an
    /// earlier model, its rows in their place.
    func begin(
        momentum: Double, from earlier: EarlierModel?, _ vocabulary: VocabularyReduction
    ) throws(Fault) -> ModelAverage {
        do {
            let parameters = WordParameters(
                input: try Matrix(rows: inputRows, columns: dimension),
                output: try Matrix(rows: outputRows, columns: dimension))
            parameters.begin(
                settings: settings, hasSubwords: hasSubwords, threads: processorCount())
            try earlier?.place(in: parameters, of: vocabulary, spec)
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
