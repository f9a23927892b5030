// Each member of the family against its formulas, on one sentence.

import Tensors
import Testing
import WordVectors

@Suite("A sentence is trained as the formulas say")
struct FormulaTests {
    private static let alpha: Float = 0.25
    private static let dim = 20
    private let words = WordList(["abcd", "efgh", "ijkl", "mnop"])
    private let counts = [9, 7, 3, 1]

    /// Parameters whose outputs are not zero either, so that every term of a formula shows.
    private func beginning(
        _ settings: WordTrainingSettings, subwords: SubwordTable? = nil, vocabulary: Int
    ) throws -> WordParameters {
        let parameters = try WordParameters(
            settings: settings, vocabulary: vocabulary, subwords: subwords)
        parameters.input.fillUniform(within: 0.7, seed: 5)
        parameters.output.fillUniform(within: 0.7, seed: 6)
        return parameters
    }

    private func settings(
        _ architecture: WordArchitecture, _ loss: WordLoss, negative: Int = 5
    ) throws -> WordTrainingSettings {
        try WordTrainingSettings(
            architecture: architecture, loss: loss, dim: Self.dim, window: 1, negative: negative,
            sample: 0, alpha: Self.alpha)
    }

    /// Trains `sentence` and compares with `direct`, which goes through it centre by centre.
    private func compare(
        _ settings: WordTrainingSettings, counts: [Int], sentence: [Int],
        subwords: SubwordTable? = nil,
        _ direct: (inout DirectTraining, _ centre: Int, _ context: [Int]) -> Void
    ) throws -> Double {
        let trainer = try WordTrainer(settings: settings, counts: counts, subwords: subwords)
        let parameters = try beginning(settings, subwords: subwords, vocabulary: counts.count)
        var expected = DirectTraining(parameters, alpha: Double(Self.alpha))
        for place in sentence.indices {
            let context = [place - 1, place + 1].filter(sentence.indices.contains)
            direct(&expected, sentence[place], context.map { sentence[$0] })
        }
        let ids = sentence.map { Int32($0) } + [-1]
        _ = try ids.withUnsafeBufferPointer { ids in
            try trainer.train(parameters, ids: ids, slices: [0..<ids.count], progress: 0...0)
        }
        return expected.difference(from: parameters)
    }

    private func path(_ word: Int, _ tree: HuffmanTree) -> [DirectTraining.Output] {
        let path = tree.path(of: word)
        return zip(path.nodes, path.codes).map { (Int($0), 1 - Double($1), 1) }
    }

    @Test("skip-gram with hierarchical softmax")
    func skipGramTree() throws {
        let tree = HuffmanTree(counts: counts)
        let difference = try compare(
            settings(.skipGram, .hierarchicalSoftmax), counts: counts, sentence: [0, 3, 2, 1, 0]
        ) { direct, centre, context in
            direct.pairs(context, path(centre, tree))
        }
        #expect(difference < 1e-5)
    }

    @Test("CBOW with hierarchical softmax, also where a word stands twice in a context")
    func cbowTree() throws {
        let tree = HuffmanTree(counts: counts)
        let difference = try compare(
            settings(.cbow, .hierarchicalSoftmax), counts: counts, sentence: [0, 3, 0, 1, 2]
        ) { direct, centre, context in
            direct.mean(context, [path(centre, tree)])
        }
        #expect(difference < 1e-5)
    }

    @Test(
        "skip-gram and CBOW with negative sampling",
        arguments: [WordArchitecture.skipGram, .cbow])
    func negatives(architecture: WordArchitecture) throws {
        // of two words the other one is always drawn, with 60 draws, and a repetition dropped
        let difference = try compare(
            settings(architecture, .negativeSampling, negative: 60), counts: [5, 5],
            sentence: [0, 1, 1, 0, 0]
        ) { direct, centre, context in
            let outputs = [(centre, 1.0, 1.0), (1 - centre, 0.0, 1.0)]
            if architecture == .cbow {
                direct.mean(context, [outputs])
            } else {
                direct.pairs(context, outputs)
            }
        }
        #expect(difference < 1e-5)
    }

    private func table() throws -> SubwordTable {
        let table = try SubwordTable(
            words: words, counts: counts.map { UInt64($0) }, settings: Subwords(buckets: 1_000_003))
        // bags without a common row, so that a formula for one word at a time is exact
        let rows = (0..<words.count).flatMap { table.rows(ofWord: $0) }
        try #require(Set(rows).count == rows.count)
        return table
    }

    private func bag(_ words: [Int], _ table: SubwordTable) -> [Int] {
        words.flatMap { table.rows(ofWord: $0).map { Int($0) } }
    }

    @Test("skip-gram with subwords and hierarchical softmax: the bag predicts each context word")
    func bagTree() throws {
        let (tree, table) = (HuffmanTree(counts: counts), try table())
        let difference = try compare(
            settings(.skipGram, .hierarchicalSoftmax), counts: counts, sentence: [0, 3, 2, 1, 0],
            subwords: table
        ) { direct, centre, context in
            direct.mean(bag([centre], table), context.map { path($0, tree) })
        }
        #expect(difference < 1e-5)
    }

    @Test("CBOW with subwords: the mean of all rows of the context's bags")
    func contextBags() throws {
        let (tree, table) = (HuffmanTree(counts: counts), try table())
        let difference = try compare(
            settings(.cbow, .hierarchicalSoftmax), counts: counts, sentence: [0, 3, 2, 1, 0, 2],
            subwords: table
        ) { direct, centre, context in
            direct.mean(bag(context, table), [path(centre, tree)])
        }
        #expect(difference < 1e-5)
    }

    @Test("skip-gram with subwords: shared draws weigh as the negatives of each context word")
    func bagNegatives() throws {
        // only word 0 can be drawn, and it is a negative of every other word
        let table = try table()
        let difference = try compare(
            settings(.skipGram, .negativeSampling, negative: 3), counts: [9, 0, 0, 0],
            sentence: [1, 2, 3, 3, 0, 1, 0], subwords: table
        ) { direct, centre, context in
            var outputs: [DirectTraining.Output] = []
            for word in Set(context).union([0]) {
                let target = Double(context.count { $0 == word })
                let drawn = word == 0 ? 3 * (Double(context.count) - target) : 0
                outputs.append((word, target, target + drawn))
            }
            direct.mean(bag([centre], table), [outputs])
        }
        #expect(difference < 1e-5)
    }
}
