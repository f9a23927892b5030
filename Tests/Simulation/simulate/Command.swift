// Reads the arguments, runs the seeds they name and says what became of them.

import Simulation

struct Command {
    private static let usage = """
        usage: simulate [--seed N | --seeds A..B | --minutes M] [--workers W]
                        [--trace] [--quiet]
               simulate --figure NAME [--runs N]
               simulate --crowd W [--minutes M]

          --seed N        run one seed and say what it drew
          --seeds A..B    run the seeds from A to B; stop at the first that fails
          --minutes M     run fresh seeds for so long
          --workers W     with so many workers, whatever the seed says
          --trace         with --seed: print every event
          --quiet         say nothing but failures
          --figure NAME   a figure in simulated time; all of them for NAME "all"
          --runs N        seeds for a figure (20)
          --crowd W       W busy workers for M simulated minutes: how fast that is
        """

    private var seeds: ClosedRange<UInt64> = 1...1
    private var minutes: Double?
    private var workers: Int?
    private var traces = false
    private var isQuiet = false
    private var figures: [Figure] = []
    private var runs = 20
    private var crowd: Int?
    private var complaint: String?

    init(_ arguments: ArraySlice<String>) {
        var rest = arguments
        while let flag = rest.popFirst(), complaint == nil {
            if !read(flag, from: &rest) { complaint = "cannot read \(flag)" }
        }
    }

    private mutating func read(_ flag: String, from rest: inout ArraySlice<String>) -> Bool {
        switch flag {
        case "--seed":
            guard let seed = rest.popFirst().flatMap(UInt64.init) else { return false }
            seeds = seed...seed
        case "--seeds":
            guard let range = rest.popFirst().flatMap(Self.range) else { return false }
            seeds = range
        case "--minutes":
            guard let number = rest.popFirst().flatMap(Double.init) else { return false }
            minutes = number
        case "--workers":
            guard let number = rest.popFirst().flatMap(Int.init), number > 0 else { return false }
            workers = number
        case "--trace": traces = true
        case "--quiet": isQuiet = true
        case "--figure":
            guard let name = rest.popFirst() else { return false }
            figures = Figure.allCases.filter { name == "all" || $0.rawValue == name }
            return !figures.isEmpty
        case "--runs":
            guard let number = rest.popFirst().flatMap(Int.init), number > 0 else { return false }
            runs = number
        case "--crowd":
            guard let number = rest.popFirst().flatMap(Int.init), number > 0 else { return false }
            crowd = number
        default: return false
        }
        return true
    }

    private static func range(_ text: String) -> ClosedRange<UInt64>? {
        let ends = text.split(separator: ".", omittingEmptySubsequences: true).map(String.init)
        guard ends.count == 2, let first = UInt64(ends[0]), let last = UInt64(ends[1]),
            first <= last
        else { return nil }
        return first...last
    }

    /// - Returns: the exit code: 0, 1 if a seed failed, 64 for arguments that make no sense.
    func run() -> Int32 {
        if let complaint {
            print("\(complaint)\n\(Self.usage)")
            return 64
        }
        if let crowd { return runCrowd(crowd, minutes: minutes ?? 10) }
        if !figures.isEmpty {
            for figure in figures {
                print("\(figure): \(figure.title)\n  \(figure.measure(runs: runs))")
            }
            return 0
        }
        if let minutes { return runFresh(minutes: minutes) }
        let start = ContinuousClock.now
        var (milliseconds, steps) = (Int64(0), 0)
        for seed in seeds {
            var world = World(options(seed), keepsAll: traces)
            if seeds.count == 1 { print(options(seed)) }
            let failure = world.run()
            if traces { for line in world.lines { print(line) } }
            if let failure {
                print(failure)
                return 1
            }
            milliseconds += world.milliseconds
            steps += world.stepsTaken
        }
        if !isQuiet { print(Self.summary(seeds.count, steps, milliseconds, since: start)) }
        return 0
    }

    private func options(_ seed: UInt64) -> Options {
        var options = Options(seed: seed)
        if let workers { options.workers = workers }
        return options
    }

    /// The start of so many workers is not what is measured.
    private func runCrowd(_ workers: Int, minutes: Double) -> Int32 {
        var world = World(crowd: workers, seed: 1)
        var failure = world.run(milliseconds: 20_000)
        let (start, begun, steps) = (ContinuousClock.now, world.milliseconds, world.stepsTaken)
        failure = failure ?? world.run(milliseconds: Int64(minutes * 60_000))
        if let failure {
            print(failure)
            return 1
        }
        print(
            Self.summary(
                1, world.stepsTaken - steps, world.milliseconds - begun, since: start))
        return 0
    }

    private func runFresh(minutes: Double) -> Int32 {
        let start = ContinuousClock.now
        var (count, milliseconds, steps) = (0, Int64(0), 0)
        while ContinuousClock.now - start < .seconds(minutes * 60) {
            var world = World(options(UInt64.random(in: 0..<1 << 48)))
            if let failure = world.run() {
                print(failure)
                return 1
            }
            count += 1
            milliseconds += world.milliseconds
            steps += world.stepsTaken
        }
        print(Self.summary(count, steps, milliseconds, since: start))
        return 0
    }

    private static func summary(
        _ seeds: Int, _ steps: Int, _ milliseconds: Int64, since start: ContinuousClock.Instant
    ) -> String {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let simulated = Double(milliseconds) / 1_000
        return
            "\(seeds) seeds are clean: \(steps) steps, \(Int(simulated / 3_600)) hours simulated "
            + "in \(Int(seconds * 10) / 10) s (\(Int(simulated / seconds)) x)"
    }
}
