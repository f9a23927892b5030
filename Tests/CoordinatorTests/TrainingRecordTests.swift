// What the rounds of a training job leave behind, whatever workers claim to have measured.

@testable import Coordinator
import Logging
import Protocol
import Tensors
import TestSupport
import Testing
import Transport

@Suite struct TrainingRecordTests {
    private func directory(_ scratch: Scratch) throws -> JobDirectory {
        JobDirectory(
            job: JobID("j"), path: scratch.path("j"), isDurable: true,
            logger: Logger(label: "test"))
    }

    private var spec: TrainWords {
        TrainWords(files: [InputFile(path: "/c", size: 1, modifiedNanoseconds: 1)])
    }

    private func round(_ index: Int) -> Round {
        Round(stage: "training", index: index, count: 4, units: [])
    }

    private func outputs(_ measures: [[String: Double]]) -> RoundOutputs {
        RoundOutputs(count: measures.count, measures: measures) { _, _ in nil }
    }

    @Test("figures are summed over the units of a round")
    func sums() throws {
        var record = TrainingRecord(directory: try directory(Scratch()), spec: spec)
        record.beginRound()
        let unit = [
            "words": 100.0, "lossSum": 30, "lossCount": 10, "bytesSent": 400, "bytesReceived": 100,
        ]
        let figures = record.end(round(2), outputs([unit, unit]), partitions: 1, divergence: 0.25)
        let point = try #require(record.history.points.first)
        #expect(point.words == 200 && point.loss == 3 && point.bytesPerWord == 5)
        #expect(abs(point.learningRate - 0.025) < 1e-12 && point.divergence == 0.25)
        #expect(figures["round.loss"] == 3 && figures["round.bytesPerWord"] == 5)
    }

    @Test("a round tells how long no worker trained, be it once or again")
    func pauses() throws {
        var record = TrainingRecord(directory: try directory(Scratch()), spec: spec)
        func pause(_ seconds: Int64) { record.pause(at: monotonicMilliseconds() - seconds * 1_000) }
        func end(_ index: Int) throws -> Double {
            let figures = record.end(
                round(index), outputs([[:]]), partitions: 1, divergence: nil)
            return try #require(figures["round.secondsReducing"])
        }
        record.beginRound()
        pause(20)
        // Of units that reduce: the pause has begun before.
        pause(5)
        #expect((20..<30).contains(try end(0)))
        record.beginRound()
        pause(10)
        record.resume()
        pause(30)
        #expect((40..<50).contains(try end(1)))
        record.beginRound()
        #expect(try end(2) == 0)
        #expect(record.history.points.compactMap(\.secondsReducing).count == 3)
        #expect((60..<80).contains(record.history.secondsReducing))
    }

    @Test(
        "figures that are no numbers, or below zero, leave a history that can be written",
        arguments: [Double.nan, .infinity, -1e300, 1e300])
    func hostile(_ value: Double) throws {
        var record = TrainingRecord(directory: try directory(Scratch()), spec: spec)
        let unit = [
            "words": value, "lossSum": value, "lossCount": value, "bytesSent": value,
            "bytesReceived": value,
        ]
        _ = record.end(round(0), outputs([unit, [:]]), partitions: 1, divergence: nil)
        #expect(record.history.points.first?.words == 0)
        #expect(record.history.points.first?.loss == nil)
        #expect(try record.payload().count > 0)
    }

    @Test("the learning rate is that of the words that are done, of which early rounds have few")
    func learningRate() throws {
        var record = TrainingRecord(directory: try directory(Scratch()), spec: spec)
        _ = record.end(round(2), outputs([[:]]), partitions: 4, divergence: nil)
        let rate = try #require(record.history.points.first?.learningRate)
        #expect(abs(rate - 0.75 * spec.alpha) < 1e-12)
    }

    @Test("a job goes on with the history before its checkpoint")
    func restart() throws {
        let scratch = try Scratch()
        var record = TrainingRecord(directory: try directory(scratch), spec: spec)
        for index in 0..<3 {
            _ = record.end(round(index), outputs([["words": 1]]), partitions: 1, divergence: nil)
        }
        try record.save()
        var next = TrainingRecord(directory: try directory(scratch), spec: spec)
        next.load(before: 2)
        #expect(next.history.points.map(\.round) == [0, 1])
    }
}

@Suite struct ProbeWordsTests {
    private func vocabulary(_ words: [String]) throws -> Frame {
        var builder = try CountTableBuilder(
            order: .rank, entries: words.count, keyBytes: words.reduce(0) { $0 + $1.utf8.count },
            tallies: [0, 0, 0, 0])
        for (index, word) in words.enumerated() {
            let bytes = Array(word.utf8)
            let result = bytes.withUnsafeBytes { raw in
                Result { () throws(CountTableError) in
                    try builder.append(key: raw, count: UInt64(100 - index))
                }
            }
            try result.get()
        }
        return try builder.finish().withPayload { Frame($0) }
    }

    @Test("probe words are found by their rows, once each, and the others are named")
    func rows() throws {
        let probes = ProbeWords(
            ["paris", "none", "the", "paris"], in: try vocabulary(["the", "of", "paris"]))
        #expect(probes.known.map(\.word) == ["paris", "the"])
        #expect(probes.known.map(\.row) == [2, 0])
        #expect(probes.unknown == ["none"])
    }

    @Test("the neighbours of a probe word are those of the input vectors")
    func neighbours() throws {
        let input = try Matrix(rows: 3, columns: 8)
        input.fillUniform(within: 0.1, seed: 5, threads: 1)
        let average = try ModelAverage(
            beginning: input, Matrix(rows: 3, columns: 8), momentum: 0.5)
        let probes = ProbeWords(["of"], in: try vocabulary(["the", "of", "paris"]))
        let found = try average.neighbours(of: probes, at: 7)
        #expect(found.map(\.round) == [7] && found.map(\.word) == ["of"])
        #expect(Set(found[0].neighbours.map(\.word)) == ["the", "paris"])
        let cosines = found[0].neighbours.map(\.cosine)
        #expect(cosines[0] >= cosines[1] && cosines.allSatisfy { (-1.001...1.001).contains($0) })
    }
}
