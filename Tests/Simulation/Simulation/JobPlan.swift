// What the simulated jobs compute: a chain of numbers that comes out right only if every block of
// every round counts exactly once.

import Protocol

/// All values are below 2^50, so that a `Double` holds them exactly.
let valueMask: UInt64 = (1 << 50) - 1

struct RoundPlan {
    var stage: String
    var index: Int
    var count: Int
    var blocks: Int
    /// 0: as many as there are slots.
    var units: Int
    var canSplit: Bool
    var keepsOutputs = false
    /// Of 8 units, so many leave no payload but a measure.
    var measuredOf8: Int
}

/// What a unit is told, read back from its task.
struct Assignment: Equatable {
    var job: Int
    var step: Int
    var blocks: Range<Int>
    var parameter: UInt64
}

struct JobPlan {
    let number: Int
    let rounds: [RoundPlan]
    /// Whether the result is the same however often units are tried. If not, what counts is that
    /// every reduction sees what the attempts that were counted have left.
    let isExact: Bool
    /// Kills every worker that touches it.
    let poison: (step: Int, block: Int)?
    /// The parameter that each round starts from; the last one is the result.
    let parameters: [UInt64]

    init(
        number: Int, rounds: [RoundPlan], poison: (step: Int, block: Int)? = nil,
        isExact: Bool = true
    ) {
        self.number = number
        self.isExact = isExact
        self.rounds = rounds
        self.poison = poison
        var chain = [mixed(UInt64(number) + 77) & valueMask]
        for (step, round) in rounds.enumerated() {
            let all = Assignment(
                job: number, step: step, blocks: 0..<round.blocks, parameter: chain[step])
            chain.append(JobPlan.reduced(chain[step], sum: JobPlan.value(of: all)))
        }
        parameters = chain
    }

    var result: UInt64 { parameters[rounds.count] }
    var blocks: Int { rounds.reduce(0) { $0 + $1.blocks } }

    /// The sum over the blocks: whoever cuts a unit in two changes nothing.
    static func value(of assignment: Assignment) -> UInt64 {
        let salt = mixed(
            assignment.parameter ^ UInt64(assignment.job) << 52 ^ UInt64(assignment.step) << 58)
        var sum: UInt64 = 0
        for block in assignment.blocks { sum &+= mixed(salt &+ UInt64(block)) }
        return sum & valueMask
    }

    static func reduced(_ parameter: UInt64, sum: UInt64) -> UInt64 {
        mixed(parameter &* 31 &+ sum) & valueMask
    }

    /// What an attempt comes to.
    func value(of assignment: Assignment, token: UInt64) -> UInt64 {
        let value = JobPlan.value(of: assignment)
        return isExact ? value : (value ^ mixed(token)) & valueMask
    }

    /// Whether the unit leaves a payload, or its value as a measure.
    func leavesPayload(_ assignment: Assignment) -> Bool {
        let round = rounds[assignment.step]
        return mixed(UInt64(assignment.blocks.lowerBound)) % 8 >= UInt64(round.measuredOf8)
    }

    func isPoisonous(_ assignment: Assignment) -> Bool {
        guard let poison, poison.step == assignment.step else { return false }
        return assignment.blocks.contains(poison.block)
    }
}

// MARK: - As specs, rounds and tasks

extension JobPlan {
    /// The job's number hides in the dimension, 1,000 more makes it another spec of the same.
    static func spec(of number: Int, isOther: Bool = false) -> JobSpec {
        var spec = TrainWords(
            files: [InputFile(path: "/corpus", size: 1, modifiedNanoseconds: 1)])
        spec.dimension = number + 1 + (isOther ? 1_000 : 0)
        return .trainWords(spec)
    }

    static func number(of spec: JobSpec) -> Int {
        guard case .trainWords(let spec) = spec else { return 0 }
        return (spec.dimension - 1) % 1_000
    }

    func round(_ step: Int, parameter: UInt64, slots: Int) -> Round {
        let plan = rounds[step]
        let wanted = plan.units > 0 ? plan.units : max(1, slots)
        let count = min(wanted, plan.blocks)
        let corpus = Corpus(
            id: "corpus",
            files: [
                InputFile(
                    path: "/corpus", size: Int(parameter),
                    modifiedNanoseconds: Int64(number << 20 | step))
            ], blockBytes: 1)
        let units = (0..<count).map { index in
            let blocks = index * plan.blocks / count..<(index + 1) * plan.blocks / count
            return WorkUnit(
                task: JobPlan.task(corpus, blocks, plan: plan, index, of: count),
                affinity: index, work: Double(blocks.count))
        }
        return Round(
            stage: plan.stage, index: plan.index, count: plan.count, units: units,
            keepsOutputs: plan.keepsOutputs)
    }

    private static func task(
        _ corpus: Corpus, _ blocks: Range<Int>, plan: RoundPlan, _ index: Int, of count: Int
    ) -> UnitTask {
        if plan.canSplit { return .countWords(CountWords(corpus: corpus, blocks: blocks)) }
        return .encodeWords(
            EncodeWords(
                corpus: corpus, partition: index, partitions: count, seed: UInt64(plan.blocks),
                vocabulary: PayloadReference(id: "vocabulary", size: 1, checksum: 1)))
    }
}

extension Assignment {
    init?(_ task: UnitTask) {
        let corpus: Corpus
        switch task {
        case .countWords(let task):
            corpus = task.corpus
            blocks = task.blocks
        case .encodeWords(let task):
            corpus = task.corpus
            let (index, count, all) = (task.partition, task.partitions, Int(task.seed))
            blocks = index * all / count..<(index + 1) * all / count
        case .trainWords, .reduceWords, .countPairs, .trainGloVe, .factorisePairs, .encodeChunk,
            .indexChunk, .rerankChunk:
            return nil
        }
        guard let file = corpus.files.first else { return nil }
        job = Int(file.modifiedNanoseconds >> 20)
        step = Int(file.modifiedNanoseconds & 0xF_FFFF)
        parameter = UInt64(file.size)
    }
}

extension UnitOutcome {
    /// The value that the unit claims: the checksum of its payload, or its measure.
    var value: UInt64? {
        if let payload = outputs.first { return payload.checksum }
        return measures["value"].flatMap { UInt64(exactly: $0) }
    }
}
