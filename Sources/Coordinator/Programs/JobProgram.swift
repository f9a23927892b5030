// What a job computes, as seen by the coordinator: rounds of units, each followed by a reduction.

import Protocol

/// The next thing a job needs once it is planned, or once a round of it is reduced.
enum Step {
    case round(Round, measures: [String: Double])
    /// Outputs of these units are gone: they run again, and then the round is reduced.
    case repeated([Int])
    case completed(JobResult)
}

/// One job's reductions and plans. A program lives on the store thread and is used by it alone;
/// the scheduler never sees what is in a payload.
protocol JobProgram: AnyObject {
    /// The first round; of a job that was begun before, the one to go on with.
    /// - Parameter workers: slots that are connected now, at least 1.
    func plan(workers: Int) throws(Fault) -> Step

    /// What the next reduction will need and can be made while the round runs. Called once the
    /// round is handed out. Also the time to save what is needed to go on after a restart.
    func prepare() throws(Fault)

    /// Looks at what one unit left, before the unit counts: `reduce` must be able to use it.
    /// - Throws: a `Fault` with code `data` that says what is wrong.
    func check(_ outputs: [Frame], of stage: String) throws(Fault)

    /// Reduces a finished round and says what follows.
    /// - Parameter outputs: what the units left, in the order of `round.units`. Units that were cut
    ///   in two are in the round as their halves, the second ones at the end.
    func reduce(
        _ round: Round, outputs: RoundOutputs, workers: Int
    ) throws(Fault) -> Step
}

extension [Frame] {
    /// Output `index` of a unit that has to have `count` of them.
    func output(_ index: Int, of count: Int) throws(Fault) -> Frame {
        guard self.count == count else {
            throw Fault(.data, "a unit left \(self.count) outputs instead of \(count)")
        }
        return self[index]
    }
}

extension JobSpec {
    func makeProgram(directory: JobDirectory, payloads: PayloadTable) -> any JobProgram {
        switch self {
        case .trainWords(let spec):
            TrainWordsProgram(spec: spec, directory: directory, payloads: payloads)
        case .trainGloVe(let spec):
            TrainGloVeProgram(spec: spec, directory: directory, payloads: payloads)
        case .encodeDocuments(let spec):
            EncodeProgram(spec: spec, directory: directory, payloads: payloads)
        case .buildIndex(let spec):
            IndexProgram(spec: spec, directory: directory, payloads: payloads)
        case .rerank(let spec):
            RerankProgram(spec: spec, directory: directory, payloads: payloads)
        case .trainSPPMI(let spec):
            TrainSPPMIProgram(spec: spec, directory: directory, payloads: payloads)
        case .findPhrases(let spec):
            FindPhrasesProgram(spec: spec, directory: directory, payloads: payloads)
        }
    }
}
