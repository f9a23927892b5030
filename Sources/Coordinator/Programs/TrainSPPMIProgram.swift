// Vectors from mutual information: count words, encode, count pairs, then one decomposition.

import Protocol
import Transport

/// The decomposition is one unit: one worker holds the matrix, because every step of it needs all.
final class TrainSPPMIProgram: JobProgram {
    static let factorising = "factorising"
    private let job: JobID
    private let spec: TrainSPPMI
    private let payloads: PayloadTable
    private let rounds: PairRounds

    init(spec: TrainSPPMI, directory: JobDirectory, payloads: PayloadTable) {
        job = directory.job
        self.spec = spec
        self.payloads = payloads
        rounds = PairRounds(
            PairRounds.Settings(
                minimumCount: spec.minimumCount, vocabularyMax: spec.vocabularyMax,
                window: spec.window, memoryMebibytes: spec.memoryMebibytes, seed: spec.seed,
                dimension: spec.dimension),
            directory: directory, payloads: payloads)
    }

    func plan(workers: Int) throws(Fault) -> Step {
        if let step = try rounds.plan(spec.files, workers: workers) { return step }
        return try factorising()
    }

    func prepare() throws(Fault) {}

    func check(_ outputs: [Frame], of stage: String) throws(Fault) {
        if try rounds.check(outputs, of: stage) { return }
        try OutputCheck.vectors(
            try outputs.output(0, of: 1), rows: rounds.vocabulary?.count ?? 0,
            dimension: spec.dimension)
    }

    func reduce(_ round: Round, outputs: RoundOutputs, workers: Int) throws(Fault) -> Step {
        guard round.stage == Self.factorising else {
            let step = try rounds.reduce(round, outputs: outputs, workers: workers)
            if let step { return step }
            return try factorising()
        }
        let (outputs, gone) = outputs.all
        if !gone.isEmpty { return .repeated(gone) }
        guard let vocabulary = rounds.vocabulary, let unit = outputs.first else {
            throw Fault(.internalError, "job \(job) lost its vocabulary")
        }
        return .completed(
            JobResult(
                outputs: [
                    try payloads.publish(vocabulary.payload, name: "vocabulary", of: job),
                    try payloads.publish(try unit.output(0, of: 1), name: "input", of: job),
                ],
                measures: [
                    "vocabulary": Double(vocabulary.count), "dimension": Double(spec.dimension),
                    "pairs": Double(rounds.pairs),
                ]))
    }

    private func factorising() throws(Fault) -> Step {
        var settings = spec
        settings.files = []
        let unit = FactorisePairs(
            pairs: try rounds.offer(0), vocabulary: rounds.vocabulary?.count ?? 0,
            settings: settings)
        return .round(
            Round(
                stage: Self.factorising, index: 0, count: 1,
                units: [
                    WorkUnit(
                        task: .factorisePairs(unit), affinity: 0, work: Double(rounds.pairs))
                ]),
            measures: ["pairs": Double(rounds.pairs)])
    }
}
