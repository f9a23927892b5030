// Files of word vectors: every format there and back, and what other programs make of them.

import Files
import Foundation
import Tensors
import TestSupport
import Testing
import WordVectors

func makeTable(
    _ words: [String], _ rows: [[Float]], counts: [UInt64]? = nil
) throws -> WordVectorTable {
    let vectors = try Matrix(rows: rows.count, columns: rows.first?.count ?? 1)
    for (index, row) in rows.enumerated() {
        for (column, value) in row.enumerated() { vectors.row(index)[column] = value }
    }
    return try WordVectorTable(words: WordList(words), counts: counts, vectors: vectors)
}

func rows(_ table: WordVectorTable) -> [[Float]] {
    (0 ..< table.count).map { row in
        (0 ..< table.dimensions).map { table.vectors.row(row)[$0] }
    }
}

func wordStrings(_ table: WordVectorTable) -> [String] {
    (0 ..< table.count).map { table.words[$0] }
}

private let small: [[Float]] = [[1, -0.5, 0.1], [1e-9, 3e8, -1e-38], [0, 0.33333334, -7]]

@Suite struct VectorFileTests {
    private func name(_ format: VectorFormat) -> String {
        format == .npy ? "x.npy" : "x.vectors"
    }

    @Test(
        "every format keeps words and values, and is known by its content",
        arguments: VectorFormat.ofTables)
    func roundTrip(format: VectorFormat) throws {
        let scratch = try Scratch()
        let path = scratch.path(name(format))
        let table = try makeTable(["the", "naïve", "日本"], small, counts: [9, 5, 1])
        try VectorFile.write(table, to: path, format: format)
        #expect(try VectorFile.format(of: path) == format)
        let copy = try VectorFile.read(path)
        #expect(wordStrings(copy) == ["the", "naïve", "日本"])
        #expect(rows(copy) == small)
        #expect(copy.index(of: "日本") == 2)
        if format == .npy || format == .safetensors { #expect(copy.counts == [9, 5, 1]) }
        let first = try VectorFile.read(path, rowsMax: 2)
        #expect(rows(first) == Array(small[..<2]))
        #expect(scratch.names == (format == .npy ? ["x.npy", "x.vocab"] : ["x.vectors"]))
    }

    @Test(
        "37: values that are not finite survive and are reported",
        arguments: VectorFormat.ofTables)
    func notFinite(format: VectorFormat) throws {
        let scratch = try Scratch()
        let path = scratch.path(name(format))
        let table = try makeTable(["a", "b", "c"], [[1, .nan], [1, 2], [-.infinity, 0]])
        try VectorFile.write(table, to: path, format: format)
        #expect(try VectorFile.read(path).rowsNotFinite == [0, 2])
    }

    @Test(
        "words with blanks, and empty ones, are refused before anything is written",
        arguments: VectorFormat.ofTables)
    func unfitWords(format: VectorFormat) throws {
        let scratch = try Scratch()
        for word in ["", "new york", "tab\there", "line\n"] {
            let table = try makeTable([word], [[1]])
            #expect(throws: FileError.self) {
                try VectorFile.write(table, to: scratch.path(name(format)), format: format)
            }
        }
        #expect(scratch.names.isEmpty)
    }

    @Test(
        "a directory that cannot be written is a typed error and leaves nothing",
        arguments: VectorFormat.ofTables)
    func unwritable(format: VectorFormat) throws {
        let scratch = try Scratch()
        let table = try makeTable(["a"], [[1]])
        let path = scratch.path("missing/x.npy")
        #expect {
            try VectorFile.write(table, to: path, format: format)
        } throws: { error in
            if case .unwritable(path, _) = error as? FileError { true } else { false }
        }
        #expect(scratch.names.isEmpty)
    }

    @Test("when the vocabulary cannot be written, the matrix does not appear either")
    func bothOrNone() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(
            atPath: scratch.path("x.vocab"), withIntermediateDirectories: false)
        #expect(throws: FileError.self) {
            try VectorFile.write(makeTable(["a"], [[1]]), to: scratch.path("x.npy"), format: .npy)
        }
        #expect(scratch.names == ["x.vocab"])
    }

    @Test("binary rows may or may not end in newlines")
    func newlines() throws {
        let scratch = try Scratch()
        let row: [UInt8] = [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]
        for (first, second) in [("\n", "\n"), ("", ""), ("\n", "")] {
            let bytes = Array("2 2\na ".utf8) + row + Array("\(first)b ".utf8) + row
                + Array(second.utf8)
            let table = try VectorFile.read(try scratch.write(bytes, to: "x"))
            #expect(rows(table) == [[1, 2], [1, 2]])
            #expect(wordStrings(table) == ["a", "b"])
        }
    }

    @Test("text with trailing blanks, tabs, CRLF, blank lines and odd numbers is read")
    func looseText() throws {
        let scratch = try Scratch()
        let path = try scratch.write("2 3 \r\na 1 2\t+3.50 \r\n\nb -1e-2 .5 5. \r\n\n", to: "x")
        #expect(try VectorFile.format(of: path) == .word2vecText)
        #expect(rows(try VectorFile.read(path)) == [[1, 2, 3.5], [-0.01, 0.5, 5]])
    }

    @Test("words with spaces inside, as some GloVe files have them, are read")
    func spacedWords() throws {
        let scratch = try Scratch()
        let path = try scratch.write("the 1 2 3\n. . . 4 5 6\nat 7 1 2 3\n", to: "x")
        let table = try VectorFile.read(path)
        #expect(wordStrings(table) == ["the", ". . .", "at 7"])
        #expect(rows(table) == [[1, 2, 3], [4, 5, 6], [1, 2, 3]])
    }

    @Test("36: a word that repeats is found at its first row")
    func repeated() throws {
        let scratch = try Scratch()
        let table = try VectorFile.read(try scratch.write("3 1\na 1\nb 2\na 3\n", to: "x"))
        #expect(table.index(of: "a") == 0)
        #expect(table.repeatedWords == 1)
    }
}

@Suite struct HostileVectorFileTests {
    @Test(
        "every truncation and every changed byte is refused or read, never a trap",
        arguments: VectorFormat.ofTables)
    func hostile(format: VectorFormat) throws {
        let scratch = try Scratch()
        let path = scratch.path("x.npy")
        try VectorFile.write(
            makeTable(["a", "bb"], [[1, 2], [3, 4]], counts: [2, 1]), to: path, format: format)
        let good = try bytes(of: path)
        for count in 0 ..< good.count {
            _ = try scratch.write(Array(good[..<count]), to: "x.npy")
            guard let table = try? VectorFile.read(path, format: format) else { continue }
            // What is read of a part is a part: blanks at the end, or digits of the last number.
            #expect(table.count <= 2 && count >= good.count - 2 || format == .gloveText)
        }
        for index in good.indices {
            for value: UInt8 in [0, 0x0a, 0x20, 0x2d, 0x30, 0x39, 0x7b, 0xff] {
                var changed = good
                changed[index] = value
                _ = try scratch.write(changed, to: "x.npy")
                if let table = try? VectorFile.read(path) { #expect(table.count < 200) }
                if let table = try? VectorFile.read(path, format: format) {
                    #expect(table.count < 200)
                }
            }
        }
    }

    @Test(
        "36: sizes that the file cannot hold are refused before memory is asked for",
        arguments: [
            "999999999999 300\na 1\n", "1 999999999999999999\na 1\n", "3 0\na\n",
            "999999999999999999 1\na 1\n", "1000000000 1\na 1\n", "2 1\na 1\n", "1 2\na 1\n",
            "1 1\na 1\nb 2\n", "1 1\n1 x\n", "nonsense\n", "\n\n", "", "5", "a b c\n",
        ])
    func claims(text: String) throws {
        let scratch = try Scratch()
        let path = try scratch.write(text, to: "x")
        for format in [VectorFormat.word2vecBinary, .word2vecText] {
            #expect(throws: FileError.self) { try VectorFile.read(path, format: format) }
        }
        #expect(throws: FileError.self) { try VectorFile.read(path) }
    }

    @Test("a GloVe file whose lines differ in length is refused by line")
    func ragged() throws {
        let scratch = try Scratch()
        let path = try scratch.write("a 1 2\nb 1\n", to: "x")
        #expect(throws: FileError.self) { try VectorFile.read(path) }
    }

    @Test("36: vocabularies of another length than the matrix are refused")
    func vocabularyLength() throws {
        let scratch = try Scratch()
        let path = scratch.path("x.npy")
        try VectorFile.write(makeTable(["a", "b"], [[1], [2]]), to: path, format: .npy)
        for text in ["a\n", "a\nb\nc\n", "a\n\nb\n", ""] {
            _ = try scratch.write(text, to: "x.vocab")
            #expect(throws: FileError.self) { try VectorFile.read(path) }
        }
        _ = try scratch.write("a 7\nb\n", to: "x.vocab")
        #expect(try VectorFile.read(path).counts == nil)
    }

    @Test("a fastText model is named as what it is")
    func fastText() throws {
        let scratch = try Scratch()
        let path = try scratch.write([0xba, 0x16, 0x4f, 0x2f, 12, 0, 0, 0], to: "x")
        #expect {
            try VectorFile.read(path)
        } throws: { "\($0)".contains("fastText") }
    }
}

@Suite(.enabled(if: Python.hasGensim, "python3 with gensim is missing"))
struct GensimFileTests {
    @Test("gensim reads our files as we wrote them")
    func gensimReads() throws {
        let scratch = try Scratch()
        let table = try makeTable(["the", "naïve", "日本"], small, counts: [9, 5, 1])
        for format in VectorFormat.ofTables {
            let name = format == .npy ? "npy.npy" : format.rawValue
            try VectorFile.write(table, to: scratch.path(name), format: format)
        }
        try Python.run(
            """
            import sys, numpy as np
            from gensim.models import KeyedVectors
            d = sys.argv[1]
            want = np.array([[1, -.5, .1], [1e-9, 3e8, -1e-38], [0, .33333334, -7]], np.float32)
            for name, options in [('word2vec-binary', dict(binary=True)), ('word2vec-text', {}),
                                  ('glove-text', dict(no_header=True))]:
                kv = KeyedVectors.load_word2vec_format(f'{d}/{name}', **options)
                assert kv.index_to_key == ['the', 'naïve', '日本'], (name, kv.index_to_key)
                assert (kv.vectors == want).all(), (name, kv.vectors)
            assert (np.load(f'{d}/npy.npy') == want).all()
            assert open(f'{d}/npy.vocab').read() == 'the 9\\nnaïve 5\\n日本 1\\n'
            """, [scratch.directory])
    }

    @Test("we read gensim's files")
    func readsGensim() throws {
        let scratch = try Scratch()
        let printed = try Python.run(
            """
            import sys, numpy as np
            from gensim.models import KeyedVectors
            kv = KeyedVectors(17)
            rng = np.random.default_rng(5)
            kv.add_vectors([f'w{i}é' for i in range(50)], rng.normal(size=(50, 17)).astype('f4'))
            kv.save_word2vec_format(sys.argv[1] + '/binary', binary=True)
            kv.save_word2vec_format(sys.argv[1] + '/text', binary=False)
            kv.save_word2vec_format(sys.argv[1] + '/glove', binary=False, write_header=False)
            print(*kv.vectors.view('u4').ravel())
            """, [scratch.directory])
        let bits = printed.split(whereSeparator: \.isWhitespace).compactMap { UInt32($0) }
        for (name, format) in [
            ("binary", VectorFormat.word2vecBinary), ("text", .word2vecText), ("glove", .gloveText),
        ] {
            let path = scratch.path(name)
            #expect(try VectorFile.format(of: path) == format)
            let table = try VectorFile.read(path)
            #expect(rows(table).flatMap(\.self).map(\.bitPattern) == bits)
            #expect(table.index(of: "w49é") == 49)
        }
    }
}
