// One way of averaging, as flags on the command line say it and as a line of results repeats it.

/// Everything that decides a run. The defaults are the setting in which docs/averaging.md compares.
struct Variant: Codable {
    var name = ""
    /// skip-gram or cbow.
    var architecture = "skip-gram"
    var workers = 8
    var roundWords = 50_000.0
    var dim = 200
    var epochs = 5
    var alpha: Float = 0.05
    /// Learning rate at 0 words as a share of `alpha`, and the share of training until it is whole.
    var warmup = 0.0
    var seed: UInt64 = 1
    /// mean, power, saturating, diversity, combiner, adasum, owner.
    var reduction = "mean"
    /// power: the sum of deltas is divided by (workers that touched the row) ^ power.
    var power = 1.0
    /// saturating: contraction of a row by one update, as a multiple of the learning rate.
    var curvature = 0.1
    /// The same for rows of the input alone; 0 is as for the output.
    var inputCurvature = 0.0
    /// A row moves at most so many times its own length in a step, or as far as the worker that
    /// moved it most; 0 does without.
    var trust = 0.0
    /// So many rounds take the mean, before the reduction above begins.
    var meanRounds = 0
    /// After round r of R the share (r / R) ^ ramp of training is done: above 1, rounds are short
    /// at first.
    var ramp = 1.0
    /// Outer Nesterov momentum, the same for all rows.
    var momentum: Float = 0
    /// Instead: each row's is so many times 1 - (its share of the sum of deltas).
    var rowMomentum: Float = 0
    var rate: Float = 1
    /// all: every row in every round. doubling: the `hotRows` most frequent, twice as many after
    /// every second round, and so on. updates: a row when it had `dueUpdates` updates a worker.
    /// joint: the same, by the mean of a word's two rows.
    var tiers = "all"
    var hotRows = 1_024
    var dueUpdates = 4.0
    var periodMax = 64
    /// Rounds between sending a delta and using what was merged, 0 or 1.
    var delay = 0
    /// bf16, int8 or int8-drawn (up or down by chance, without bias), each way.
    var up = "bf16"
    var down = "bf16"
    /// Whether what rounding took away is added to the next delta of the row.
    var feedback = false
    /// The same of steps alone, where the reduction itself holds what was taken away.
    var feedbackDown = false
    /// Every so many-th analogy is asked: asking costs as much as training on some million words.
    var questionStep = 1
    var threads = 1

    init(arguments: [String]) throws(Flaw) {
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            if flag == "--feedback" {
                feedback = true
                continue
            }
            if flag == "--feedback-down" {
                feedbackDown = true
                continue
            }
            guard let value = rest.popFirst() else { throw Flaw("\(flag) lacks its value") }
            try set(flag, value)
        }
        guard workers >= 1, roundWords >= 1, epochs >= 1, periodMax >= 1, questionStep >= 1,
            delay == 0 || delay == 1
        else { throw Flaw("a setting is out of its range") }
    }

    private mutating func set(_ flag: String, _ value: String) throws(Flaw) {
        switch flag {
        case "--name": name = value
        case "--architecture":
            architecture = try choice(flag, value, ["skip-gram", "cbow"])
        case "--workers": workers = try number(flag, value)
        case "--round-words": roundWords = try number(flag, value)
        case "--dim": dim = try number(flag, value)
        case "--epochs": epochs = try number(flag, value)
        case "--alpha": alpha = try number(flag, value)
        case "--warmup": warmup = try number(flag, value)
        case "--seed": seed = try number(flag, value)
        case "--reduction":
            reduction = try choice(
                flag, value,
                ["mean", "power", "saturating", "diversity", "combiner", "adasum", "owner"])
        case "--power": power = try number(flag, value)
        case "--curvature": curvature = try number(flag, value)
        case "--input-curvature": inputCurvature = try number(flag, value)
        case "--trust": trust = try number(flag, value)
        case "--mean-rounds": meanRounds = try number(flag, value)
        case "--ramp": ramp = try number(flag, value)
        case "--momentum": momentum = try number(flag, value)
        case "--row-momentum": rowMomentum = try number(flag, value)
        case "--rate": rate = try number(flag, value)
        case "--tiers": tiers = try choice(flag, value, ["all", "doubling", "updates", "joint"])
        case "--hot-rows": hotRows = try number(flag, value)
        case "--due-updates": dueUpdates = try number(flag, value)
        case "--period-max": periodMax = try number(flag, value)
        case "--delay": delay = try number(flag, value)
        case "--up": up = try choice(flag, value, ["bf16", "int8", "int8-drawn"])
        case "--down": down = try choice(flag, value, ["bf16", "int8", "int8-drawn"])
        case "--question-step": questionStep = try number(flag, value)
        case "--threads": threads = try number(flag, value)
        default: throw Flaw("\(flag) is no flag of this program")
        }
    }

    private func number<Number: LosslessStringConvertible>(
        _ flag: String, _ text: String
    ) throws(Flaw) -> Number {
        guard let number = Number(text) else { throw Flaw("\(flag) \(text) is no number") }
        return number
    }

    private func choice(
        _ flag: String, _ value: String, _ choices: [String]
    ) throws(Flaw) -> String {
        guard choices.contains(value) else {
            throw Flaw("\(flag) \(value) is none of \(choices.joined(separator: ", "))")
        }
        return value
    }
}

struct Flaw: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
