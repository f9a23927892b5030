// From the counts of words to a vocabulary, by which workers encode the corpus.

import Protocol
import Transport

extension TrainWordsProgram {
    func counting(_ corpus: Corpus) -> Step {
        .round(
            corpus.counting(workers: progress.countingWorkers),
            measures: ["corpusBytes": Double(corpus.byteCount)])
    }

    func startEncoding(
        _ outputs: [[Frame]], workers: Int
    ) throws(Fault) -> Step {
        guard let corpus else { throw Fault(.internalError, "job \(job) lost its corpus") }
        var tables: [Frame] = []
        for unit in outputs { tables.append(try unit.output(0, of: 1)) }
        let vocabulary = try VocabularyReduction(
            tables, minimumCount: spec.minimumCount, limit: spec.vocabularyMax,
            earlier: earlier)
        try directory.save(vocabulary.payload, as: TrainingProgress.vocabularyName)
        progress.trainingWorkers = workers
        progress.corpusWords = vocabulary.corpusWords
        try progress.save(in: directory)
        return try encoding(vocabulary, of: corpus, workers: workers)
    }

    func encoding(
        _ vocabulary: VocabularyReduction, of corpus: Corpus, workers: Int
    ) throws(Fault) -> Step {
        let shape = try ModelShape(spec, vocabulary)
        self.vocabulary = vocabulary
        self.shape = shape
        probes = ProbeWords(spec.probes ?? [], in: vocabulary.payload)
        let reference = payloads.bulk.offer(
            id: "\(job)/vocabulary", frame: vocabulary.payload, checksum: nil)
        plan = TrainingPlan(
            spec, workers: workers, words: vocabulary.keptWords, rows: shape.inputRows,
            rates: vocabulary.rates(of: spec), blocks: corpus.blockCount,
            vocabulary: reference)
        let units = (0..<plan.partitions).map { partition in
            WorkUnit(
                task: .encodeWords(plan.encoding(partition, of: corpus)),
                affinity: partition, work: Double(corpus.byteCount) / Double(plan.partitions))
        }
        return .round(
            Round(stage: "encoding", index: 0, count: 1, units: units, keepsOutputs: true),
            measures: [
                "vocabulary": Double(vocabulary.count), "corpusWords": vocabulary.corpusWords,
                "keptWords": vocabulary.keptWords, "dimension": Double(spec.dimension),
                "overlongTokens": vocabulary.overlongTokens,
                "replacedTokens": vocabulary.replacedTokens,
            ])
    }
}
