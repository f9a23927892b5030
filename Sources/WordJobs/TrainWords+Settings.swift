// What the settings of a training job mean to the mathematics: the same to whoever reads them.

public import Protocol
public import WordVectors

extension TrainWords {
    /// - Throws: `WordTrainingError.setting` for one that is out of range.
    public func trainingSettings() throws(WordTrainingError) -> WordTrainingSettings {
        try WordTrainingSettings(
            architecture: architecture == .cbow ? .cbow : .skipGram,
            loss: loss == .hierarchicalSoftmax ? .hierarchicalSoftmax : .negativeSampling,
            dim: dimension, window: window, negative: negative, sample: sample,
            alpha: Float(alpha), seed: seed)
    }

    /// The rows of words and their n-grams; nil if words are trained as wholes.
    public func subwordTable(of vocabulary: Vocabulary) throws(SubwordError) -> SubwordTable? {
        guard let subwords else { return nil }
        let settings = try WordVectors.Subwords(
            minimumLength: subwords.minimumLength, maximumLength: subwords.maximumLength,
            buckets: subwords.buckets)
        return try SubwordTable(
            words: vocabulary.words, counts: vocabulary.counts, settings: settings)
    }
}
