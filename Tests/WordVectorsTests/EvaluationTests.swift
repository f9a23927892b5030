// Analogies, similarities and neighbours on tables small enough to see through.

import Files
import Foundation
import Tensors
import TestSupport
import Testing
import WordVectors

/// Royals and people in two dimensions of meaning, and something else.
private func royals() throws -> WordVectorTable {
    try makeTable(
        ["King", "queen", "man", "woman", "prince", "apple", "king"],
        [
            [2, 2, 0], [2, -2, 0], [0, 3, 0.1], [0, -3, 0.1], [1, 1, 0.3], [0, 0, 5], [9, -9, 9],
        ])
}

@Suite struct AnalogiesTests {
    private func questions(_ text: String) throws -> AnalogyQuestions {
        let scratch = try Scratch()
        return try AnalogyQuestions(path: try scratch.write(text, to: "q"))
    }

    @Test("the right answer counts, the wrong one and the unknown word do not")
    func scores() throws {
        let asked = try questions(
            """
            : family
            man king woman queen
            man KING woman apple
            man king woman empress
            : gram1-x
            king man queen woman

            """)
        let report = try Analogies(royals()).evaluate(asked)
        #expect(report.sections.map(\.name) == ["family", "gram1-x"])
        #expect(report.semantic == Analogies.Score(correct: 1, asked: 2, skipped: 1))
        #expect(report.syntactic == Analogies.Score(correct: 1, asked: 1, skipped: 0))
        #expect(report.total == Analogies.Score(correct: 2, asked: 3, skipped: 1))
        #expect(report.semantic.accuracy == 50)
        #expect(Analogies.Score().accuracy == nil)
    }

    @Test("a section whose name comes again is one with the first")
    func repeatedSection() throws {
        let asked = try questions(
            """
            : family
            man king woman queen
            : other
            man king woman apple
            : family
            man KING woman apple

            """)
        let report = try Analogies(royals()).evaluate(asked)
        #expect(report.sections.map(\.name) == ["family", "other"])
        #expect(report.sections[0].score == Analogies.Score(correct: 1, asked: 2, skipped: 0))
    }

    @Test("the words of the question are never the answer")
    func exclusion() throws {
        // b - a + c is nearest to b itself, then to c.
        let table = try makeTable(
            ["a", "b", "c", "d"], [[1, 0], [0.9, 0.1], [0.9, 0.2], [0.5, 0.5]])
        let report = try Analogies(table).evaluate(try questions("a b c d\n"))
        #expect(report.total.correct == 1)
        #expect(report.sections[0].name == "")
    }

    @Test("only the first words of the table take part")
    func restriction() throws {
        let asked = try questions(": s\nman king woman queen\nman king woman apple\n")
        let report = try Analogies(royals(), restrictTo: 5).evaluate(asked)
        #expect(report.total == Analogies.Score(correct: 1, asked: 1, skipped: 1))
    }

    @Test("vectors that are zero or not finite never win and never spread")
    func degenerate() throws {
        let table = try makeTable(
            ["a", "b", "c", "d", "x", "y"],
            [[1, 0], [1, 1], [0.5, 0], [0.5, 1], [.nan, 1], [0, 0]])
        let report = try Analogies(table).evaluate(try questions("a b c d\n"))
        #expect(report.total.correct == 1)
    }

    @Test("lines with another number of words are refused, and files without any question")
    func malformed() throws {
        for text in ["", ": only\n", "a b c\n", ": s\na b c d e\n"] {
            #expect(throws: FileError.self) { try questions(text) }
        }
    }

    @Test("more words than a tile and more questions than a batch change nothing")
    func tiles() throws {
        var noise = Numbers(41)
        let words = (0..<2500).map { "w\($0)" }
        let vectors = words.map { _ in
            (0..<8).map { _ in Float.random(in: -1...1, using: &noise) }
        }
        let table = try makeTable(words, vectors)
        let unit = vectors.map { row -> [Double] in
            let length = row.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            return row.map { Double($0) / length }
        }
        var text = ": s\n"
        for _ in 0..<150 {
            let asked = (0..<3).map { _ in Int.random(in: 0..<2500, using: &noise) }
            let (a, b, c) = (unit[asked[0]], unit[asked[1]], unit[asked[2]])
            let query = (0..<8).map { b[$0] - a[$0] + c[$0] }
            let answer = unit.indices.filter { !asked.contains($0) }.max { left, right in
                zip(unit[left], query).reduce(0) { $0 + $1.0 * $1.1 }
                    < zip(unit[right], query).reduce(0) { $0 + $1.0 * $1.1 }
            }
            text += (asked + [answer ?? 0]).map { "w\($0)" }.joined(separator: " ") + "\n"
        }
        let report = try Analogies(table).evaluate(try questions(text))
        #expect(report.total == Analogies.Score(correct: 150, asked: 150, skipped: 0))
    }
}

@Suite struct AnalogyFixtureTests {
    /// By scripts/fixtures/make_analogies.py.
    private func fixture(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fixtures/analogies/\(name)").path
    }

    @Test("3CosAdd and 3CosMul are right where gensim is", arguments: Analogies.Method.allCases)
    func gensim(_ method: Analogies.Method) throws {
        let table = try VectorFile.read(fixture("vectors.txt"))
        let questions = try AnalogyQuestions(path: fixture("questions.txt"))
        let report = try Analogies(table).evaluate(questions, method: method)
        let ours = report.sections.map { "\($0.name)\t\($0.score.asked)\t\($0.score.correct)" }
        let column = method == .cosAdd ? 2 : 3
        let answers = try String(contentsOfFile: fixture("answers.tsv"), encoding: .utf8)
            .split(separator: "\n").map { $0.split(separator: "\t") }
        #expect(ours == answers.map { "\($0[0])\t\($0[1])\t\($0[column])" })
        #expect(report.total.skipped > 0)
    }

    @Test("3CosMul is the quotient of its definition, over more words than a block takes")
    func definition() throws {
        var noise = Numbers(43)
        let words = (0..<2_300).map { "w\($0)" }
        let vectors = words.map { _ in
            (0..<9).map { _ in Float.random(in: -1...1, using: &noise) }
        }
        let unit = vectors.map { row -> [Double] in
            let length = row.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            return row.map { Double($0) / length }
        }
        func moved(_ left: Int, _ right: Int) -> Double {
            (1 + zip(unit[left], unit[right]).reduce(0) { $0 + $1.0 * $1.1 }) / 2
        }
        var text = ": s\n"
        for first in stride(from: 0, to: 2_295, by: 3) {
            let (a, b, c) = (first, first + 1, first + 2)
            let values = unit.indices.map { d in
                [a, b, c].contains(d) ? -1 : moved(d, b) * moved(d, c) / (moved(d, a) + 0.001)
            }
            let answer = values.indices.max { values[$0] < values[$1] } ?? 0
            text += "w\(a) w\(b) w\(c) w\(answer)\n"
        }
        let scratch = try Scratch()
        let questions = try AnalogyQuestions(path: try scratch.write(text, to: "q"))
        let report = try Analogies(makeTable(words, vectors)).evaluate(questions, method: .cosMul)
        #expect(report.total == Analogies.Score(correct: 765, asked: 765, skipped: 0))
    }
}

@Suite struct SimilarityTests {
    @Test("Spearman's correlation is scipy's, ties and all")
    func scipy() throws {
        let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fixtures/spearman.tsv")
        let lines = try String(contentsOf: fixture, encoding: .utf8).split(separator: "\n")
        #expect(lines.count > 10)
        for line in lines {
            let fields = line.split(separator: "\t").map { list in
                list.split(separator: " ").compactMap { Double($0) }
            }
            let correlation = try #require(Similarity.spearman(fields[0], fields[1]))
            #expect(abs(correlation - fields[2][0]) < 1e-12)
        }
    }

    @Test("equal values share the mean of their ranks, and constant lists have no correlation")
    func ties() {
        #expect(Similarity.ranks([10, 20, 10, 30, 10]) == [2, 4, 2, 5, 2])
        #expect(Similarity.spearman([1, 1], [1, 2]) == nil)
        #expect(Similarity.spearman([1], [1]) == nil)
    }

    @Test("tabs, spaces, commas, headers and comments are understood")
    func formats() throws {
        let scratch = try Scratch()
        let path = try scratch.write(
            "# a comment 3\nWord 1,Word 2,Human (mean)\nKing,Queen,8.5\nman\twoman\t7\r\n"
                + "apple king 0.5\n\nking emperor 9\n", to: "x")
        let similarity = try Similarity(path: path)
        #expect(similarity.pairs.map(\.score) == [8.5, 7, 0.5, 9])
        #expect(similarity.linesIgnored == 2)
        let report = try similarity.evaluate(royals())
        #expect(report.pairs == 4 && report.known == 3)
        #expect(report.coverage == 0.75)
        // Cosines 0, about -1 and 0: ranks 2.5, 1, 2.5 against 3, 2, 1.
        #expect(abs((report.spearman ?? 9) - 0) < 1e-12)
    }

    @Test("a file without pairs is refused")
    func malformed() throws {
        let scratch = try Scratch()
        for text in ["", "a b\n", "a b high\n"] {
            let path = try scratch.write(text, to: "x")
            #expect(throws: FileError.self) { try Similarity(path: path) }
        }
    }
}

@Suite struct NeighboursTests {
    @Test("neighbours come nearest first, without the word itself")
    func nearest() throws {
        let neighbours = try Neighbours(royals())
        let found = try neighbours.nearest(neighbours.terms(["King"]), count: 2)
        #expect(found.map(\.word) == ["prince", "man"])
        #expect(abs((found.first?.cosine ?? 0) - 0.9783) < 1e-4)
    }

    @Test("king - man + woman is queen")
    func expression() throws {
        let neighbours = try Neighbours(royals())
        let terms = neighbours.terms(["King", "-man", "+woman"])
        #expect(terms.map(\.weight) == [1, -1, 1])
        #expect(try neighbours.nearest(terms, count: 1).map(\.word) == ["queen"])
    }

    @Test("a sign that is part of a word stays with it")
    func signs() throws {
        let neighbours = try Neighbours(makeTable(["-x", "-", "y"], [[1], [2], [3]]))
        #expect(
            neighbours.terms(["-x", "-", "-y"])
                == [
                    Neighbours.Term(word: "-x"), Neighbours.Term(word: "-"),
                    Neighbours.Term(word: "y", weight: -1),
                ])
    }

    @Test(
        "lists of any length have the nearest first and equal ones by rank",
        arguments: [1, 7, 400])
    func lengths(count: Int) throws {
        var noise = Numbers(12)
        let words = (0..<900).map { "w\($0)" }
        // few different directions, so that many are equal
        let vectors = words.map { _ in
            (0..<2).map { _ in Float(Int.random(in: -3...3, using: &noise)) }
        }
        let neighbours = try Neighbours(makeTable(words, vectors))
        let terms = neighbours.terms(["w5"])
        let all = try neighbours.nearest(terms, count: 900)
        #expect(all.count == 899)
        for (nearer, next) in zip(all, all.dropFirst()) {
            #expect(
                nearer.cosine > next.cosine
                    || nearer.cosine == next.cosine
                        && Int(nearer.word.dropFirst()) ?? 0 < Int(next.word.dropFirst()) ?? 0)
        }
        #expect(try neighbours.nearest(terms, count: count) == Array(all.prefix(count)))
    }

    @Test("an unknown word is an error that names it, and asking for too many gives all")
    func limits() throws {
        let neighbours = try Neighbours(royals())
        #expect(throws: UnknownWord.self) { try neighbours.nearest(neighbours.terms(["emperor"])) }
        #expect(try neighbours.nearest(neighbours.terms(["apple"]), count: 100).count == 6)
        #expect(try neighbours.nearest(neighbours.terms(["apple"]), count: 0).isEmpty)
    }
}

@Suite(.enabled(if: Python.hasGensim, "python3 with gensim is missing"))
struct GensimEvaluationTests {
    @Test("accuracy and correlation are gensim's on the same vectors")
    func sameNumbers() throws {
        let scratch = try Scratch()
        let printed = try Python.run(
            """
            import sys, numpy as np
            from gensim.models import KeyedVectors
            d = sys.argv[1]
            rng = np.random.default_rng(9)
            words = [f'{"W" if i % 7 == 0 else "w"}{i % 280}' for i in range(300)]
            words = list(dict.fromkeys(words))
            kv = KeyedVectors(4)
            kv.add_vectors(words, rng.normal(size=(len(words), 4)).astype('f4'))
            kv.save_word2vec_format(f'{d}/v', binary=True)
            with open(f'{d}/q', 'w') as f:
                for s in ('one', 'gram2'):
                    print(':', s, file=f)
                    for _ in range(300):
                        a, b, c = rng.integers(0, 40, 3)
                        q = kv.vectors[[a, b, c]]
                        q /= np.linalg.norm(q, axis=1)[:, None]
                        sims = kv.cosine_similarities(q[1] - q[0] + q[2], kv.vectors)
                        sims[[a, b, c]] = -9
                        wrong = int(rng.integers(0, 290))
                        good = int(np.argmax(sims)) if rng.random() < .5 else wrong
                        names = [words[i] if i < len(words) else 'none' for i in (a, b, c, good)]
                        print(*names, file=f)
            with open(f'{d}/s', 'w') as f:
                for _ in range(200):
                    pair = rng.choice(words[:200] + ['none'], 2, replace=False)
                    print(*pair, rng.integers(0, 12), sep='\\t', file=f)
            _, sections = kv.evaluate_word_analogies(f'{d}/q', restrict_vocab=250)
            for s in sections[:2]:
                print(len(s['correct']), len(s['correct']) + len(s['incorrect']))
            print(kv.evaluate_word_pairs(f'{d}/s', case_insensitive=True)[1].statistic)
            """, [scratch.directory])
        let lines = printed.split(separator: "\n")
        let table = try VectorFile.read(scratch.path("v"))
        let report = try Analogies(table, restrictTo: 250)
            .evaluate(AnalogyQuestions(path: scratch.path("q")))
        let ours = report.sections.map { "\($0.score.correct) \($0.score.asked)" }
        #expect(ours == lines[..<2].map(String.init))
        let spearman = try Similarity(path: scratch.path("s")).evaluate(table).spearman
        #expect(abs((spearman ?? 9) - (Double(lines[2]) ?? -9)) < 1e-9)
    }
}
