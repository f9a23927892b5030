// What is measured while a run goes on.

struct Course {
    private let rounds: Int
    private let clock = ContinuousClock()
    private var total = Replicas.Tally()
    private var late = Replicas.Tally()
    private var traffic = Average.Tally()
    private var divergence: [Double] = []
    private var trainingSeconds = 0.0
    private var reductionSeconds = 0.0
    private var round = 0

    init(rounds: Int) { self.rounds = rounds }

    private var isLate: Bool { 10 * round >= 9 * rounds }

    mutating func train(_ body: () throws -> Replicas.Tally) throws {
        let start = clock.now
        let part = try body()
        trainingSeconds += (clock.now - start) / .seconds(1)
        total.words += part.words
        total.centres += part.centres
        total.lossSum += part.lossSum
        total.lossCount += part.lossCount
        if isLate {
            late.lossSum += part.lossSum
            late.lossCount += part.lossCount
        }
    }

    mutating func merge(_ round: Int, _ body: () throws -> [Average.Tally]) throws {
        let start = clock.now
        let sides = try body()
        reductionSeconds += (clock.now - start) / .seconds(1)
        traffic.bytesUp += sides.reduce(0) { $0 + $1.bytesUp }
        traffic.bytesDown += sides.reduce(0) { $0 + $1.bytesDown }
        let spread = sides.reduce(0) { $0 + $1.spread }, square = sides.reduce(0) { $0 + $1.square }
        divergence.append(square > 0 ? (max(spread, 0) / square).squareRoot() : 0)
        self.round = round + 1
    }

    func outcome(_ variant: Variant, vocabulary: Int, _ quality: Quality) -> Outcome {
        let words = Double(total.words)
        let lateRounds = divergence.suffix(max(1, rounds / 10))
        return Outcome(
            variant: variant, rounds: rounds, vocabulary: vocabulary, words: total.words,
            centres: total.centres, bytesUpPerWord: Double(traffic.bytesUp) / words,
            bytesDownPerWord: Double(traffic.bytesDown) / words,
            bytesPerWord: Double(traffic.bytesUp + traffic.bytesDown) / words,
            bytesPerCentre: Double(traffic.bytesUp + traffic.bytesDown) / Double(total.centres),
            divergence: divergence.reduce(0, +) / Double(divergence.count),
            divergenceLate: lateRounds.reduce(0, +) / Double(lateRounds.count),
            loss: total.lossSum / Double(max(total.lossCount, 1)),
            lossLate: late.lossSum / Double(max(late.lossCount, 1)),
            wordsPerSecond: words / trainingSeconds, reductionSeconds: reductionSeconds,
            quality: quality)
    }
}
