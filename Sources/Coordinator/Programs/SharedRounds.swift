// Rounds of training whose reductions the workers share: who has what, and what is to be done next.

import FoundationEssentials
import Protocol
import Synchronization
import Transport

/// A round of training is followed by a round of reductions, one unit for each part of the rows. If
/// it finds that changes are gone with their worker, their partitions are trained again, and then
/// all parts are reduced.
final class SharedRounds {
    private let job: JobID
    private let spec: TrainWords
    private let payloads: PayloadTable
    /// Under which workers of this job fetch from each other.
    private let key: String?
    /// The units of the round of training that runs or was the last, by partition.
    private var units: [WorkUnit] = []
    private var pieces: [Int: ShardPieces] = [:]
    private var measures: [Int: [String: Double]] = [:]
    /// The step of each part to the version that the round starts from.
    private var formers: [Int: String] = [:]
    private var repeats = 0
    private var isGivenUp = false

    /// With fewer partitions the coordinator is as fast (docs/averaging.md).
    private static let partitionsMin = 16
    private static let repeatsMax = 4

    init(job: JobID, spec: TrainWords, payloads: PayloadTable) {
        self.job = job
        self.spec = spec
        self.payloads = payloads
        key = try? PeerKey.generate().text
    }

    /// Whether the workers are to share the reduction of round `index`. Both forms leave the same
    /// bits, so that it may change from round to round, as workers come and go.
    ///
    /// - Throws: `.usage` if that was asked for and no worker is there that others can fetch from.
    func areUsed(in index: Int, partitions: Int, workers: Int) throws(Fault) -> Bool {
        guard partitions > 1, !isGivenUp, spec.checkpoint == nil else { return false }
        let able = payloads.peerSlots.load(ordering: .relaxed)
        switch spec.reduction ?? .auto {
        case .hub: return false
        case .auto: return partitions >= Self.partitionsMin && able >= workers
        case .peer:
            guard able == 0 else { return true }
            guard index > 0 else {
                throw Fault(
                    .usage,
                    "--reduction peer needs workers that others can fetch from, and there "
                        + "is none; start workers with --peer, or use --reduction hub")
            }
            return false
        }
    }

    /// - Parameter steps: of the round that begins, if workers have made them.
    func exchange(partitions: Int, steps: Steps?) -> Exchange {
        Exchange(
            shards: partitions, key: key, steps: steps?.sources, stepsPrefix: steps?.prefix)
    }

    /// A round of training begins; its units are in the order of the partitions.
    func begin(_ units: [WorkUnit]) {
        self.units = units
        pieces = [:]
        measures = [:]
        repeats = 0
    }

    /// Takes what units of training have left.
    func take(_ round: Round, _ units: [[Frame]], _ outputs: RoundOutputs) throws(Fault) {
        for (index, frames) in units.enumerated() {
            guard case .trainWords(let task) = round.units[index].task else { continue }
            let partition = task.encoding.partition
            pieces[partition] = try frames.output(0, of: 1).decoded(
                as: ShardPieces.self, "the pieces of partition \(partition)")
            measures[partition] = outputs.measures[index]
        }
    }

    /// The round that reduces what was taken.
    ///
    /// - Parameter reduce: the unit of a part, with the sources of its changes, and whose step it
    ///   follows.
    func reducing(
        _ round: Round,
        _ reduce: (_ shard: Int, _ sources: PayloadReference, _ former: String?) -> ReduceWordsUnit
    ) throws(Fault) -> Round {
        let all = units.indices.compactMap { pieces[$0] }
        guard all.count == units.count else {
            throw Fault(.internalError, "job \(job) lost the pieces of a round")
        }
        var reductions: [WorkUnit] = []
        for shard in units.indices {
            let sources = PeerSources(all.map { $0.source(of: shard) })
            let reference = try payloads.offer(
                sources, id: "\(job)/work/\(round.index)/sources/\(shard)")
            // The worker that had the part before still has its velocities.
            reductions.append(
                WorkUnit(
                    task: .reduceWords(reduce(shard, reference, formers[shard])), affinity: shard,
                    work: 0))
        }
        return Round(
            stage: round.stage, index: round.index, count: round.count, units: reductions)
    }

    /// The round that trains partitions again, of which the changes were gone; nil if that has
    /// happened so often in this round that it is not workers that go away, but ways between them
    /// that are closed. Then the coordinator reduces from here on.
    func retraining(_ missing: Set<Int>, in round: Round) -> Round? {
        repeats += 1
        guard repeats <= Self.repeatsMax else {
            isGivenUp = true
            return nil
        }
        let again = missing.sorted().map {
            WorkUnit(task: units[$0].task, affinity: units[$0].affinity, work: 0)
        }
        return Round(stage: round.stage, index: round.index, count: round.count, units: again)
    }

    /// What training and reducing have measured, together.
    func outputs(with reductions: RoundOutputs) -> RoundOutputs {
        let all = units.indices.compactMap { measures[$0] } + reductions.measures
        return RoundOutputs(count: all.count, measures: all) { _, _ in nil }
    }

    /// A step in parts, as workers find it.
    struct Steps {
        let sources: PayloadReference
        /// At the coordinator, should a worker be gone.
        let prefix: String
    }

    /// Offers what the units of a round of reductions have left to the round after.
    func offer(
        _ results: [ShardResult], _ units: [[Frame]], for next: Int
    ) throws(Fault) -> Steps {
        let prefix = "\(job)/work/\(next)/step"
        var sources: [PeerSources.Source] = []
        formers = [:]
        for (shard, result) in results.enumerated() {
            guard let pieces = result.pieces else { continue }
            sources.append(pieces.source(of: shard))
            formers[shard] = pieces.prefix
            for (index, matrix) in ["input", "output"].enumerated() {
                payloads.bulk.offer(
                    id: ShardPieces.id(prefix, matrix, shard), frame: units[shard][index + 1])
            }
        }
        return Steps(
            sources: try payloads.offer(PeerSources(sources), id: "\(job)/work/\(next)/steps"),
            prefix: prefix)
    }
}

extension PayloadTable {
    fileprivate func offer(
        _ sources: PeerSources, id: String
    ) throws(Fault) -> PayloadReference {
        guard let data = try? JSONEncoder().encode(sources) else {
            throw Fault(.internalError, "\(id) cannot be written")
        }
        return bulk.offer(id: id, frame: Frame(data))
    }
}

extension Frame {
    /// A small JSON object that a worker has left.
    func decoded<Value: Decodable>(as _: Value.Type, _ what: String) throws(Fault) -> Value {
        guard count <= 64 << 20,
            let value = try? JSONDecoder().decode(Value.self, from: Data(bytes))
        else { throw Fault(.data, "\(what) cannot be read") }
        return value
    }
}
