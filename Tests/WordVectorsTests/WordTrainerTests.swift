// Skip-gram training as a whole: what it learns, what it counts, and that it repeats itself.

import Tensors
import Testing
import WordVectors

/// Words 0..<20 in two camps: a sentence takes its words from one camp only.
private struct Corpus {
    var ids: [Int32] = []
    var counts = [Int](repeating: 0, count: 20)

    init(sentences: Int, length: Int = 12) {
        var generator = Xorshift(state: 99)
        for sentence in 0..<sentences {
            for _ in 0..<length {
                let word = Int.random(in: 0..<10, using: &generator) + sentence % 2 * 10
                ids.append(Int32(word))
                counts[word] += 1
            }
            ids.append(-1)
        }
    }
}

private func bits(_ matrix: Matrix) -> [UInt32] {
    UnsafeBufferPointer(start: matrix.base, count: matrix.rows * matrix.stride).map(\.bitPattern)
}

private func cosine(_ a: Int, _ b: Int, _ matrix: Matrix) -> Float {
    var (ab, aa, bb): (Float, Float, Float) = (0, 0, 0)
    for d in 0..<matrix.columns {
        let (x, y) = (matrix.row(a)[d], matrix.row(b)[d])
        ab += x * y
        aa += x * x
        bb += y * y
    }
    return ab / (aa * bb).squareRoot()
}

@Suite("Skip-gram training")
struct WordTrainerTests {
    private func train(
        _ corpus: Corpus, threads: Int = 1, seed: UInt64 = 1, stream: UInt64 = 0,
        control: TrainingControl = TrainingControl()
    ) throws -> (WordParameters, TrainingSummary) {
        let settings = try WordTrainingSettings(dim: 20, sample: 0, alpha: 0.05, seed: seed)
        let trainer = try WordTrainer(settings: settings, counts: corpus.counts)
        let parameters = try WordParameters(settings: settings, vocabulary: 20)
        let summary = try corpus.ids.withUnsafeBufferPointer { ids in
            try trainer.train(
                parameters, ids: ids,
                slices: WordTrainer.slices(of: 0..<ids.count, in: ids, count: threads),
                stream: stream, control: control)
        }
        return (parameters, summary)
    }

    @Test("words of one camp become neighbours", arguments: [1, 2])
    func neighbours(threads: Int) throws {
        let (parameters, summary) = try train(Corpus(sentences: 6000), threads: threads)
        for word in 0..<20 {
            let others = (0..<20).filter { $0 != word }
                .sorted { cosine(word, $0, parameters.input) > cosine(word, $1, parameters.input) }
            #expect(others.prefix(9).allSatisfy { $0 / 10 == word / 10 })
        }
        let loss = try #require(summary.loss)
        #expect(loss < 3.5 && loss > 1)
    }

    @Test("one thread gives the same bits every time, and another seed or stream gives others")
    func determinism() throws {
        let corpus = Corpus(sentences: 500)
        let first = try train(corpus).0
        let second = try train(corpus).0
        #expect(bits(first.input) == bits(second.input))
        #expect(bits(first.output) == bits(second.output))
        #expect(try bits(train(corpus, stream: 1).0.input) != bits(first.input))
        #expect(try bits(train(corpus, seed: 2).0.input) != bits(first.input))
    }

    @Test("every word is counted once over all threads", arguments: [1, 2, 5])
    func counting(threads: Int) throws {
        let control = TrainingControl()
        let corpus = Corpus(sentences: 900)
        let summary = try train(corpus, threads: threads, control: control).1
        #expect(summary.words == 900 * 12)
        #expect(summary.trainedTokens == 900 * 12)
        #expect(control.wordsDone == 900 * 12)
    }

    @Test("a sentence longer than 10,000 words is cut, not lost")
    func longSentence() throws {
        let summary = try train(Corpus(sentences: 2, length: 25_000)).1
        #expect(summary.words == 50_000)
        #expect(summary.trainedTokens == 50_000)
    }

    @Test("a raised flag ends training early")
    func stop() throws {
        let control = TrainingControl()
        control.stop()
        let summary = try train(Corpus(sentences: 6000), control: control).1
        #expect(summary.words < 11_000)
        #expect(control.isStopped)
    }

    @Test("subsampling thins the centres as its table says")
    func subsampling() throws {
        let corpus = Corpus(sentences: 6000)
        let settings = try WordTrainingSettings(dim: 4, sample: 1e-3)
        let trainer = try WordTrainer(settings: settings, counts: corpus.counts)
        let parameters = try WordParameters(settings: settings, vocabulary: 20)
        let summary = try corpus.ids.withUnsafeBufferPointer { ids in
            try trainer.train(parameters, ids: ids, slices: [0..<ids.count])
        }
        let table = SubsamplingTable(counts: corpus.counts, sample: 1e-3)
        let kept = corpus.counts.indices.reduce(0.0) {
            $0 + Double(corpus.counts[$1]) * table.keepProbability(of: $1)
        }
        // sentences left with one word have no window: 12 words, each kept about 1 time in 6
        #expect(Double(summary.trainedTokens) < kept)
        #expect(Double(summary.trainedTokens) > 0.7 * kept)
    }

    @Test("a negative equal to the centre or repeated in its set is dropped", arguments: 1...3)
    func droppedNegatives(words: Int) throws {
        // outputs that are still zero cost ln 2 each, so the loss counts them
        let settings = try WordTrainingSettings(dim: 8, negative: 40, sample: 0, alpha: 1e-9)
        let counts = [Int](repeating: 500, count: words)
        let trainer = try WordTrainer(settings: settings, counts: counts)
        let parameters = try WordParameters(settings: settings, vocabulary: words)
        let ids = (0..<500 * words).map { Int32($0 % words) } + [-1]
        let summary = try ids.withUnsafeBufferPointer { ids in
            try trainer.train(parameters, ids: ids, slices: [0..<ids.count])
        }
        let loss = try #require(summary.loss)
        // 40 draws miss one of three words about once in 10 million
        #expect(abs(loss - Double(words) * 0.693147) < 1e-3)
    }

    @Test("36: an id outside the vocabulary is reported with its position", arguments: [20, -2])
    func notAWord(id: Int32) throws {
        var corpus = Corpus(sentences: 50)
        corpus.ids[400] = id
        #expect(throws: WordTrainingError.notAWord(id: id, position: 400, vocabulary: 20)) {
            _ = try train(corpus)
        }
    }

    @Test("a stream of empty and one-word sentences trains nothing")
    func nothing() throws {
        var corpus = Corpus(sentences: 4)
        corpus.ids = [-1, -1, 3, -1, 4, -1]
        let (parameters, summary) = try train(corpus)
        #expect(summary.words == 2)
        #expect(summary.trainedTokens == 0)
        #expect(summary.loss == nil)
        #expect(bits(parameters.output).allSatisfy { $0 == 0 })
        corpus.ids = []
        #expect(try train(corpus).1.words == 0)
    }
}

@Suite("Slices and beginnings")
struct WordParametersTests {
    @Test("slices cover the range and begin at sentences")
    func slices() {
        var generator = Xorshift(state: 5)
        let ids = (0..<1000).map { _ in Int32.random(in: 0..<6, using: &generator) - 1 }
        ids.withUnsafeBufferPointer { ids in
            for count in [1, 2, 3, 7, 400] {
                for range in [0..<1000, 13..<777, 40..<40] {
                    let slices = WordTrainer.slices(of: range, in: ids, count: count)
                    #expect(slices.count == count)
                    #expect(slices.flatMap { Array($0) } == Array(range))
                    for slice in slices.dropFirst() where !slice.isEmpty {
                        #expect(ids[slice.lowerBound - 1] == -1)
                    }
                }
            }
        }
    }

    @Test("inputs begin uniform in 0.5 / dim, the same for any threads; outputs and padding zero")
    func beginning() throws {
        var settings = try WordTrainingSettings(dim: 50, seed: 3)
        let one = try WordParameters(settings: settings, vocabulary: 200, threads: 1)
        let three = try WordParameters(settings: settings, vocabulary: 200, threads: 3)
        settings.seed = 4
        let other = try WordParameters(settings: settings, vocabulary: 200)
        #expect(bits(one.input) == bits(three.input))
        #expect(bits(one.input) != bits(other.input))
        #expect(bits(one.output).allSatisfy { $0 == 0 })
        var (sum, squares) = (0.0, 0.0)
        for row in 0..<200 {
            for column in 0..<50 {
                let value = Double(one.input.row(row)[column]) * 50
                #expect(value >= -0.5 && value < 0.5)
                sum += value
                squares += value * value
            }
            for column in 50..<64 { #expect(one.input.row(row)[column] == 0) }
        }
        // five standard errors of the mean and of the variance 1/12 over 10,000 values
        #expect(abs(sum / 10_000) < 5 * 0.2887 / 100)
        #expect(abs(squares / 10_000 - 1.0 / 12) < 5 * 0.0745 / 100)
    }

    @Test("settings out of range are refused by name")
    func settings() {
        #expect(throws: WordTrainingError.setting(name: "window", value: "65", limits: "1 to 64")) {
            _ = try WordTrainingSettings(window: 65)
        }
        #expect(throws: WordTrainingError.self) { _ = try WordTrainingSettings(dim: 0) }
        #expect(throws: WordTrainingError.self) { _ = try WordTrainingSettings(negative: 64) }
        #expect(throws: WordTrainingError.setting(name: "negative", value: "0", limits: "1 to 63"))
        {
            _ = try WordTrainingSettings(negative: 0)
        }
        #expect(throws: Never.self) {
            _ = try WordTrainingSettings(loss: .hierarchicalSoftmax, negative: 0)
        }
        #expect(throws: WordTrainingError.self) { _ = try WordTrainingSettings(sample: -.infinity) }
        #expect(throws: WordTrainingError.self) { _ = try WordTrainingSettings(alpha: .nan) }
    }
}
