// fastText's .bin files: read, written, and refused.

import Files
import Foundation
import Tensors
import TestSupport
import Testing
import WordVectors

@Suite struct FastTextFileTests {
    @Test(
        "vectors of a .bin are those of the .vec beside it, and known by their content",
        arguments: FastText.models)
    func textBeside(name: String) throws {
        let path = FastText.path("\(name).bin")
        #expect(try VectorFile.format(of: path) == .fastText)
        let binary = try VectorFile.read(path)
        let text = try VectorFile.read(FastText.path("\(name).vec"))
        #expect(wordStrings(binary) == wordStrings(text))
        // The text has five digits.
        for (ours, theirs) in zip(rows(binary).joined(), rows(text).joined()) {
            #expect(abs(ours - theirs) <= 1e-5 * max(1, abs(theirs) * 10))
        }
        #expect(rows(try VectorFile.read(path, rowsMax: 5)) == Array(rows(binary)[..<5]))
    }

    @Test("words, seen and unseen, have the vectors that fastText and gensim give them")
    func expected() throws {
        var models: [String: SubwordVectors] = [:]
        var checked = 0
        for line in try FastText.text("expected.tsv").split(separator: "\n") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            let name = String(fields[0]), word = String(fields[1])
            let model = try models[name] ?? SubwordVectors(path: FastText.path("\(name).bin"))
            models[name] = model
            let ours = model.vector(of: word)
            let theirs = fields[2...].compactMap { Float($0) }
            try #require(ours.count == theirs.count)
            for (a, b) in zip(ours, theirs) {
                // gensim adds up in another order.
                let tolerance: Float = name == "lee_fasttext" ? 2e-6 : 0
                #expect(abs(a - b) <= tolerance * max(1, abs(b)), "\(name): \(word)")
            }
            checked += 1
        }
        #expect(checked == 99 && models.count == 3)
    }

    @Test("what is written is read back: arguments, words, counts, rows and outputs")
    func roundTrip() throws {
        let scratch = try Scratch()
        let path = scratch.path("m.bin")
        let small = try SmallModel()
        try small.write(to: path)
        #expect(scratch.names == ["m.bin"])
        let model = try SubwordVectors(path: path)
        #expect(model.arguments == small.arguments)
        #expect((0..<model.count).map { model.words[$0] } == (0..<5).map { small.words[$0] })
        #expect(model.counts == small.counts && model.tokens == 1_000)
        #expect(model.inputRows == 5 + 500 && model.outputRows == 5)
        for row in 0..<5 {
            #expect(model.inputRow(row) == values(small.input, row))
            #expect(model.outputRow(row) == values(small.output, row))
        }
        for bucket in 0..<500 {
            let expected = small.table.row(ofBucket: bucket).map { values(small.input, $0) }
            #expect(model.inputRow(5 + bucket) == expected ?? [Float](repeating: 0, count: 7))
        }
        let means = try small.table.vectors(of: small.input, threads: 2)
        let read = try VectorFile.read(path)
        for word in 0..<5 {
            #expect(values(read.vectors, word) == values(means, word))
            let bag = small.table.rows(ofWord: word)
            for column in 0..<7 {
                let sum = bag.reduce(0) { $0 + small.input.row(Int($1))[column] }
                #expect(abs(means.row(word)[column] - sum / Float(bag.count)) < 1e-6)
            }
        }
    }

    private func values(_ matrix: Matrix, _ row: Int) -> [Float] {
        (0..<matrix.columns).map { matrix.row(row)[$0] }
    }

    @Test("words without n-grams are written and read, with zeros for outputs that are missing")
    func plain() throws {
        let scratch = try Scratch()
        let input = try Matrix(rows: 2, columns: 3)
        input.row(1)[2] = .nan
        try SubwordVectors.write(
            words: WordList(["a", "b"]), counts: [.max, 0], subwords: nil, input: input,
            output: Matrix(rows: 1, columns: 3),
            arguments: FastTextArguments(dimensions: 3, subwords: nil), to: scratch.path("m"))
        let model = try SubwordVectors(path: scratch.path("m"))
        #expect(model.arguments.subwords == nil && model.inputRows == 2 && model.outputRows == 2)
        #expect(model.counts == [UInt64(Int64.max), 0])
        #expect(model.outputRow(1) == [0, 0, 0])
        #expect(model.vector(of: "c") == [0, 0, 0] && model.rows(of: "c").isEmpty)
        #expect(try VectorFile.read(scratch.path("m")).rowsNotFinite == [1])
        let lookup = try VectorLookup(path: scratch.path("m"))
        #expect(!lookup.hasNgrams)
        #expect(throws: UnknownWord.self) { try lookup.vector(of: "c") }
    }

    @Test("a file that cannot be written leaves nothing, nor does a word that cannot stand in it")
    func unwritable() throws {
        let scratch = try Scratch()
        let small = try SmallModel()
        #expect(throws: FileError.self) { try small.write(to: scratch.path("missing/m.bin")) }
        for word in ["", "new york", "nul\u{0}"] {
            let one = try Matrix(rows: 1, columns: 1)
            let path = scratch.path("m.bin")
            let arguments = FastTextArguments(dimensions: 1, subwords: nil)
            #expect(throws: FileError.self) {
                try SubwordVectors.write(
                    words: WordList([word]), counts: [1], subwords: nil, input: one, output: one,
                    arguments: arguments, to: path)
            }
        }
        let table = try VectorFile.read(FastText.path("toy-model.vec"))
        #expect(throws: FileError.self) {
            try VectorFile.write(table, to: scratch.path("t.bin"), format: .fastText)
        }
        #expect(scratch.names.isEmpty)
    }

    @Test("a word that a model never met has neighbours, a table's has none")
    func neighbours() throws {
        let neighbours = try Neighbours(path: FastText.path("lee_fasttext.bin"))
        let nearest = try neighbours.nearest(neighbours.terms(["goverment"]), count: 3)
        #expect(nearest.map(\.word).contains("government"), "\(nearest)")
        let table = try Neighbours(path: FastText.path("lee_fasttext.vec"))
        #expect(throws: UnknownWord.self) { try table.nearest(table.terms(["goverment"])) }
        #expect(throws: UnknownWord.self) {
            try VectorLookup(path: FastText.path("lee_fasttext.vec")).vector(of: "goverment")
        }
        let lookup = try VectorLookup(path: FastText.path("lee_fasttext.bin"))
        #expect(lookup.hasNgrams && lookup.dimensions == 10)
        #expect(try lookup.vector(of: "goverment").count == 10)
    }
}

@Suite struct HostileFastTextFileTests {
    /// Reads, and touches what was read.
    private func read(_ bytes: [UInt8], _ scratch: Scratch) -> Bool {
        guard let path = try? scratch.write(bytes, to: "x"),
            let model = try? SubwordVectors(path: path), let table = try? model.wordVectors()
        else { return false }
        #expect(table.count == model.count && table.count < 10)
        _ = model.vector(of: "unseen")
        return true
    }

    @Test("every truncation is refused, and every changed byte is refused or read, never a trap")
    func hostile() throws {
        let scratch = try Scratch()
        try SmallModel(dimensions: 1, buckets: 20).write(to: scratch.path("m"))
        let good = try bytes(of: scratch.path("m"))
        #expect(read(good, scratch))
        for count in good.indices { #expect(!read(Array(good[..<count]), scratch), "\(count)") }
        #expect(!read(good + [0], scratch))
        for index in good.indices {
            for value: UInt8 in [0, 1, 0x20, 0x7f, 0x80, 0xff] {
                var changed = good
                changed[index] = value
                _ = read(changed, scratch)
            }
        }
        // The time before versions: neither magic nor version, pruning or flags.
        let old = try bytes(of: FastText.path("lee_fasttext.bin"))
        for count in stride(from: 0, to: 2_000, by: 7) {
            _ = try scratch.write(Array(old[..<count]), to: "x")
            #expect(throws: FileError.self) { try VectorFile.read(scratch.path("x")) }
        }
    }

    /// Overwrites eight bytes or four.
    private func changed(
        _ bytes: [UInt8], at offset: Int, to value: some FixedWidthInteger
    ) -> [UInt8] {
        var changed = bytes
        withUnsafeBytes(of: value.littleEndian) {
            changed.replaceSubrange(offset..<offset + $0.count, with: $0)
        }
        return changed
    }

    @Test("sizes that lie are refused before memory is asked for, quantised models by their name")
    func claims() throws {
        let scratch = try Scratch()
        try SmallModel(dimensions: 1, buckets: 20).write(to: scratch.path("m"))
        let good = try bytes(of: scratch.path("m"))
        // version, dim, loss, model, bucket, minn, maxn
        for (offset, value) in [
            (4, 13), (4, 10), (8, 0), (8, -1), (8, .max), (32, 0), (36, 9), (40, -1), (40, 0),
            (40, .max), (48, 65), (48, .max),
        ] as [(Int, Int32)] {
            #expect(!read(changed(good, at: offset, to: value), scratch), "\(offset): \(value)")
        }
        // entries, words, labels; tokens, pruned n-grams
        for offset in [64, 68, 72] {
            for value: Int32 in [-1, .min, .max] {
                #expect(!read(changed(good, at: offset, to: value), scratch), "\(offset)")
            }
        }
        for (offset, value) in [(76, -1), (84, 0), (84, 3), (84, .max)] as [(Int, Int64)] {
            #expect(!read(changed(good, at: offset, to: value), scratch), "\(offset)")
        }
        let dictionary = 92 + 5 * 10 + "thebananaété日本</s>".utf8.count
        for value: Int64 in [-1, .min, .max, 1 << 62, 1 << 32, 24] {
            for offset in [dictionary + 1, dictionary + 9] {
                #expect(!read(changed(good, at: offset, to: value), scratch), "\(value)")
            }
        }
        let quantised = changed(good, at: dictionary, to: UInt8(1))
        let path = try scratch.write(quantised, to: "q.ftz")
        do throws(FileError) {
            _ = try VectorFile.read(path)
            Issue.record("a quantised model was read")
        } catch {
            #expect("\(error)".contains("quantised"))
        }
    }
}

@Suite(.enabled(if: Python.has("gensim, fasttext"), "python3 with gensim and fasttext is missing"))
struct FastTextLibraryTests {
    @Test("fastText and gensim load what we write, and give words our vectors, seen or not")
    func load() throws {
        let scratch = try Scratch()
        try SmallModel().write(to: scratch.path("m.bin"))
        let words = ["the", "banana", "été", "日本", "</s>", "ananas", "thé", "本日", "</s"]
        let printed = try Python.run(
            """
            import sys, fasttext, numpy as np
            from gensim.models.fasttext import load_facebook_model
            path, words = sys.argv[1], sys.argv[2:]
            ours = fasttext.load_model(path)
            theirs = load_facebook_model(path)
            assert ours.get_words() == words[:5] == theirs.wv.index_to_key, ours.get_words()
            assert ours.get_output_matrix().shape == (5, 7)
            assert len(ours.get_nearest_neighbors('ananas', k=3)) == 3
            assert len(theirs.wv.most_similar('ananas', topn=3)) == 3
            assert (theirs.vector_size, theirs.window, theirs.epochs, theirs.min_count,
                    theirs.negative, theirs.hs, theirs.sg, theirs.wv.bucket, theirs.wv.min_n,
                    theirs.wv.max_n, theirs.sample) == (7, 4, 3, 1, 6, 1, 0, 500, 2, 4, 1e-3)
            for word in words:
                vector = ours.get_word_vector(word)
                if word != '</s>':  # gensim gives it n-grams, fastText does not
                    np.testing.assert_allclose(theirs.wv[word], vector, atol=1e-6)
                print(*(repr(float(value)) for value in vector))
            """, [scratch.path("m.bin")] + words)
        let model = try SubwordVectors(path: scratch.path("m.bin"))
        let lines = printed.split(separator: "\n").suffix(words.count)
        try #require(lines.count == words.count, "\(printed)")
        for (word, line) in zip(words, lines) {
            let theirs = line.split(separator: " ").compactMap { Float($0) }
            #expect(model.vector(of: word) == theirs, "\(word)")
        }
    }
}
