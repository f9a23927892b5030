// The history of a training job stays small and keeps its sums.

import Foundation
import Protocol
import Testing

@Suite struct TrainingHistoryTests {
    private func point(_ round: Int) -> TrainingHistory.Point {
        TrainingHistory.Point(
            round: round, words: 10, seconds: 2, bytesSent: 30, bytesReceived: 20,
            loss: Double(round), learningRate: 0.05, divergence: round % 2 == 0 ? nil : 0.5,
            secondsReducing: 0.5)
    }

    private func history(_ rounds: Int) -> TrainingHistory {
        var history = TrainingHistory()
        for round in 0..<rounds { history.add(point(round)) }
        return history
    }

    @Test(
        "any number of rounds leaves a bounded number of points, and no word is lost",
        arguments: [1, 399, 400, 401, 402, 5_003])
    func bounded(_ rounds: Int) {
        let points = history(rounds).points
        #expect(history(rounds).secondsReducing == 0.5 * Double(rounds))
        #expect(points.count <= TrainingHistory.pointsMax)
        #expect(points.count >= min(rounds, TrainingHistory.pointsMax / 2))
        #expect(points.reduce(0) { $0 + $1.rounds } == rounds)
        #expect(points.reduce(0) { $0 + $1.words } == 10 * Double(rounds))
        #expect(points.last?.round == rounds - 1)
        #expect(points.map(\.round) == points.map(\.round).sorted())
    }

    @Test("points that become one keep the mean of their loss by words")
    func means() {
        let first = history(401).points[0]
        #expect(first.rounds == 2 && first.loss == 0.5 && first.divergence == 0.5)
        #expect(first.wordsPerSecond == 5 && first.bytesPerWord == 5)
    }

    @Test("what came after a checkpoint is forgotten")
    func forgetting() {
        var history = history(10)
        history.add([
            .init(round: 4, word: "a", neighbours: []), .init(round: 7, word: "a", neighbours: []),
        ])
        history.forget(from: 7)
        #expect(history.points.map(\.round) == Array(0..<7))
        #expect(history.probes.map(\.round) == [4])
    }

    @Test(
        "probe words are looked up about twenty times and at the end", arguments: [1, 7, 20, 1_000])
    func probing(_ rounds: Int) {
        let times = (0...rounds).filter { TrainingHistory.isProbed($0, of: rounds) }
        #expect(times.last == rounds && times.first != 0)
        #expect(times.count <= 2 * TrainingHistory.probeTimes)
    }

    @Test("a history of before pauses were measured is read, and has none")
    func older() throws {
        let point = #"{"round":0,"rounds":1,"words":1,"seconds":2,"bytesSent":0,"#
            + #""bytesReceived":0,"learningRate":0.05}"#
        let text = #"{"points":[\#(point)],"probes":[],"unknownProbes":[]}"#
        let read = try JSONDecoder().decode(TrainingHistory.self, from: Data(text.utf8))
        #expect(read.points.first?.seconds == 2 && read.points.first?.secondsReducing == nil)
        #expect(read.secondsReducing == 0)
    }

    @Test("a history is read as it was written")
    func coding() throws {
        var history = history(3)
        history.add([.init(round: 2, word: "<", neighbours: [.init(word: "\u{0}", cosine: 0.5)])])
        let data = try JSONEncoder().encode(history)
        #expect(try JSONDecoder().decode(TrainingHistory.self, from: data) == history)
    }
}
