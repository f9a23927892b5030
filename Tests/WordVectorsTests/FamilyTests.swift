// Every member of the family as a whole: what it learns, and that it repeats itself.

import Tensors
import Testing
import WordVectors

/// One way of training.
struct Member: Sendable, CustomStringConvertible {
    let architecture: WordArchitecture
    let loss: WordLoss
    let hasSubwords: Bool

    var description: String {
        "\(architecture.rawValue), \(loss.rawValue)" + (hasSubwords ? ", subwords" : "")
    }

    static let all = WordArchitecture.allCases.flatMap { architecture in
        WordLoss.allCases.flatMap { loss in
            [false, true].map { Member(architecture: architecture, loss: loss, hasSubwords: $0) }
        }
    }
}

/// Sentences of ten words each from one of four camps. In the first camp words follow one another
/// round a circle, so that each has neighbours of its own, and the twins 0 and 1 stand for one
/// another at one place of it; in the others they are drawn.
private struct Corpus {
    static let vocabulary = 40
    static let names = (0..<vocabulary).map { word -> String in
        let letters = (0..<6).map { UInt8(97 + (word * 7 + $0 * 11) % 26) }
        return String(decoding: letters, as: UTF8.self) + "\(word)"
    }
    var ids: [Int32] = []
    var counts = [Int](repeating: 0, count: vocabulary)

    init(sentences: Int) {
        var generator = Xorshift(state: 41)
        for sentence in 0..<sentences {
            let camp = sentence % 4
            let start = Int.random(in: 0..<9, using: &generator)
            let twin = Int.random(in: 0...1, using: &generator)
            for place in 0..<10 {
                let circle = [twin, 2, 3, 4, 5, 6, 7, 8, 9]
                let drawn = camp * 10 + Int.random(in: 0..<10, using: &generator)
                let word = camp == 0 ? circle[(start + place) % 9] : drawn
                ids.append(Int32(word))
                counts[word] += 1
            }
            ids.append(-1)
        }
    }
}

@Suite("The family of word vectors")
struct FamilyTests {
    private struct Run {
        let parameters: WordParameters
        let vectors: [[Float]]
        let first: TrainingSummary
        let last: TrainingSummary
    }

    private func train(_ member: Member, sentences: Int, window: Int = 5) throws -> Run {
        let corpus = Corpus(sentences: sentences)
        let settings = try WordTrainingSettings(
            architecture: member.architecture, loss: member.loss, dim: 24, window: window,
            sample: 0)
        let table = try SubwordTable(
            words: WordList(Corpus.names), counts: corpus.counts.map { UInt64($0) },
            settings: Subwords(buckets: 5000))
        let subwords = member.hasSubwords ? table : nil
        let trainer = try WordTrainer(
            settings: settings, counts: corpus.counts, subwords: subwords)
        let parameters = try WordParameters(
            settings: settings, vocabulary: Corpus.vocabulary, subwords: subwords)
        let summaries = try corpus.ids.withUnsafeBufferPointer { ids in
            try (0..<3).map { epoch in
                try trainer.train(
                    parameters, ids: ids, slices: [0..<ids.count],
                    progress: Double(epoch) / 3...Double(epoch + 1) / 3, stream: UInt64(epoch))
            }
        }
        return Run(
            parameters: parameters, vectors: vectors(parameters, subwords), first: summaries[0],
            last: summaries[2])
    }

    private func vectors(_ parameters: WordParameters, _ subwords: SubwordTable?) -> [[Float]] {
        (0..<Corpus.vocabulary).map { word in
            let rows = subwords?.rows(ofWord: word) ?? [Int32(word)]
            return (0..<parameters.dim).map { column -> Float in
                var sum: Float = 0
                for row in rows { sum += parameters.input.row(Int(row))[column] }
                return sum / Float(rows.count)
            }
        }
    }

    private func cosine(_ a: [Float], _ b: [Float]) -> Float {
        func dot(_ a: [Float], _ b: [Float]) -> Float {
            var sum: Float = 0
            for (x, y) in zip(a, b) { sum += x * y }
            return sum
        }
        return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
    }

    @Test("learns that two words stand for one another", arguments: Member.all)
    func twins(member: Member) throws {
        let run = try train(member, sentences: 4000)
        let nearest = (1..<Corpus.vocabulary).max {
            cosine(run.vectors[0], run.vectors[$0]) < cosine(run.vectors[0], run.vectors[$1])
        }
        #expect(nearest == 1)
        let (first, last) = (try #require(run.first.loss), try #require(run.last.loss))
        #expect(last < first)
        #expect(run.last.trainedTokens == 40_000)
        #expect(run.last.words == 40_000)
    }

    @Test("gives the same bits twice with one slice", arguments: Member.all)
    func repeats(member: Member) throws {
        let runs = try (0..<2).map { _ in try train(member, sentences: 300).parameters }
        for pair in [(runs[0].input, runs[1].input), (runs[0].output, runs[1].output)] {
            #expect(DirectTraining.rows(of: pair.0) == DirectTraining.rows(of: pair.1))
        }
    }

    @Test("trains with the widest window and leaves padding zero", arguments: Member.all)
    func widest(member: Member) throws {
        let run = try train(member, sentences: 30, window: 64)
        for matrix in [run.parameters.input, run.parameters.output] {
            for row in 0..<matrix.rows {
                #expect((0..<24).allSatisfy { matrix.row(row)[$0].isFinite })
                #expect((24..<matrix.stride).allSatisfy { matrix.row(row)[$0] == 0 })
            }
        }
    }

    @Test("CBOW draws the negatives of every centre anew", arguments: [false, true])
    func negativesOfEachCentre(hasSubwords: Bool) throws {
        // eight centres of a thousand words, with one draw each: rows of outputs that are not zero
        // any more are those of the centres and of the draws
        let settings = try WordTrainingSettings(
            architecture: .cbow, dim: 8, window: 1, negative: 1, sample: 0)
        let counts = [Int](repeating: 5, count: 1000)
        let table = try SubwordTable(
            words: WordList((0..<1000).map { "word\($0)" }), counts: counts.map { UInt64($0) },
            settings: Subwords(buckets: 1000))
        let subwords = hasSubwords ? table : nil
        let trainer = try WordTrainer(settings: settings, counts: counts, subwords: subwords)
        let parameters = try WordParameters(
            settings: settings, vocabulary: counts.count, subwords: subwords)
        let ids: [Int32] = [10, 20, 30, 40, 50, 60, 70, 80, -1]
        _ = try ids.withUnsafeBufferPointer { ids in
            try trainer.train(parameters, ids: ids, slices: [0..<ids.count])
        }
        let moved = DirectTraining.rows(of: parameters.output).count { $0.contains { $0 != 0 } }
        // more than two draws that repeat a row come once in ten thousand seeds
        #expect((14...16).contains(moved))
    }

    @Test("has as many rows as its loss and its subwords want")
    func shapes() throws {
        let table = try SubwordTable(
            words: WordList(["one", "two", "three"]), counts: [3, 2, 1],
            settings: Subwords(buckets: 1000))
        var settings = try WordTrainingSettings(dim: 10, seed: 4)
        let plain = try WordParameters(settings: settings, vocabulary: 3)
        #expect([plain.input.rows, plain.output.rows] == [3, 3])
        settings.loss = .hierarchicalSoftmax
        let bags = try WordParameters(settings: settings, vocabulary: 3, subwords: table)
        #expect([bags.input.rows, bags.output.rows] == [table.rowCount, 2])
        settings.architecture = .cbow
        let means = try WordParameters(settings: settings, vocabulary: 3)
        // where inputs are means they begin in ±1 / dim, and elsewhere in half of that
        for column in 0..<10 {
            #expect(bags.input.row(1)[column] == 2 * plain.input.row(1)[column])
            #expect(means.input.row(1)[column] == 2 * plain.input.row(1)[column])
        }
        let zeros = try WordParameters(shapedLike: bags)
        #expect([zeros.input.rows, zeros.output.rows, zeros.dim] == [table.rowCount, 2, 10])
        #expect(zeros.input.row(1)[0] == 0)
    }

    @Test("refuses hierarchical softmax of a single word")
    func noTree() throws {
        let settings = try WordTrainingSettings(loss: .hierarchicalSoftmax)
        #expect(throws: WordTrainingError.noTree(words: 1)) {
            _ = try WordTrainer(settings: settings, counts: [8])
        }
    }
}
