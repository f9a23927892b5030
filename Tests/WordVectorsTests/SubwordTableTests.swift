// N-grams of words, their buckets, and the rows that these get.

import Foundation
import TestSupport
import Testing
import WordVectors

@Suite struct SubwordTableTests {
    @Test("n-grams are those that fastText prints, with the rows that it has for them")
    func printed() throws {
        let model = try SubwordVectors(path: FastText.path("crime-and-punishment.bin"))
        let blocks = try FastText.text("fb-ngrams.txt").components(separatedBy: "<start>\n")
        #expect(blocks.count == 7)
        for block in blocks.dropFirst() {
            let lines = block.split(separator: "\n").map(String.init)
            let word = lines[0]
            // The word itself, which the vocabulary lacks, is printed as zeros; then its n-grams.
            let grams = lines.dropFirst(2).prefix { $0 != "<end>" }
            let rows = model.rows(of: word)
            try #require(rows.count == grams.count, "\(word)")
            for (row, gram) in zip(rows, grams) {
                let numbers = gram.split(separator: " ").suffix(5).compactMap { Float($0) }
                for (ours, theirs) in zip(model.inputRow(Int(row)), numbers) {
                    #expect(abs(ours - theirs) < 1e-5, "\(gram) of \(word)")
                }
            }
        }
    }

    @Test("rows are those of the words, then used buckets by falling use, equal ones by number")
    func order() throws {
        let (words, counts) = try FastText.words(of: "lee_fasttext")
        let settings = try Subwords(buckets: 5_000)
        let table = try SubwordTable(words: words, counts: counts, settings: settings)
        var uses: [Int: UInt64] = [:]
        for word in 0..<words.count {
            let rows = table.rows(ofWord: word)
            #expect(rows[0] == Int32(word))
            for row in rows.dropFirst() {
                let bucket = try #require(table.bucket(ofRow: Int(row)))
                uses[bucket, default: 0] += counts[word]
                #expect(table.row(ofBucket: bucket) == Int(row))
            }
        }
        let expected = uses.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
        let actual = (words.count..<table.rowCount).map { table.bucket(ofRow: $0) }
        #expect(actual == expected)
        #expect(table.bucket(ofRow: words.count - 1) == nil)
        #expect(expected.count < settings.buckets)
        #expect((0..<5_000).count { table.row(ofBucket: $0) == nil } == 5_000 - expected.count)
    }

    @Test("a word's n-grams are found with and without the vocabulary, a repeated one twice")
    func unseen() throws {
        // So many buckets that none is shared by chance.
        let model = try SmallModel(buckets: 1_000_000)
        for word in 0..<model.words.count - 1 {
            let rows = model.table.rows(ofWord: word)
            #expect(FastText.rows(model.table, of: model.words[word]) == Array(rows.dropFirst()))
        }
        // <banana> has eight characters: seven pairs, six triples and five of four.
        let banana = model.table.rows(ofWord: 1)
        #expect(banana.count == 1 + 7 + 6 + 5)
        #expect(Set(banana).count < banana.count)
        #expect(model.table.rows(ofWord: 4) == [4], "</s> has no n-grams")
        #expect(FastText.rows(model.table, of: "qxq").isEmpty, "no word uses its buckets")
        // Of <xban> it knows "ba", "ban" and "an"; <banana> has them behind <b, <ba and <ban.
        #expect(FastText.rows(model.table, of: "xban") == [banana[4], banana[5], banana[7]])
    }

    @Test("any bytes have as many n-grams as were counted, at every length")
    func anyBytes() throws {
        var numbers = Numbers(7)
        let letters: [UInt8] = [0x61, 0x80, 0xbf, 0xc3, 0xa9, 0xe3, 0xff, 0x3c, 0x3e]
        var words = WordList([""])
        for length in 1...200 {
            words.append((0..<length).map { _ in letters.randomElement(using: &numbers) ?? 0 })
        }
        let counts = [UInt64](repeating: .max, count: words.count)
        for (minimum, maximum) in [(1, 1), (1, 3), (3, 6), (6, 64), (64, 64)] {
            let settings = try Subwords(
                minimumLength: minimum, maximumLength: maximum, buckets: 97)
            let table = try SubwordTable(words: words, counts: counts, settings: settings)
            let end = table.withUnsafeBags { offsets, _ in offsets[words.count] }
            let sum = (0..<words.count).reduce(0) { sum, word in
                sum + 1 + words.withBytes(word) { table.rows(of: $0).count }
            }
            #expect(Int(end) == sum)
        }
    }

    @Test("no words have no rows")
    func none() throws {
        let table = try SubwordTable(words: WordList(), counts: [], settings: Subwords(buckets: 1))
        #expect(table.rowCount == 0)
        #expect(FastText.rows(table, of: "any").isEmpty)
    }

    @Test(
        "settings beyond their limits are refused by name",
        arguments: [
            (0, 6, 10, "minimum"), (65, 65, 10, "minimum"), (3, 2, 10, "maximum"),
            (3, 65, 10, "maximum"), (3, 6, 0, "buckets"), (3, 6, 100_000_001, "buckets"),
            (.min, .max, .max, "minimum"),
        ])
    func limits(minimum: Int, maximum: Int, buckets: Int, name: String) {
        do throws(SubwordError) {
            _ = try Subwords(
                minimumLength: minimum, maximumLength: maximum, buckets: buckets)
            Issue.record("accepted")
        } catch {
            #expect("\(error)".contains(name), "\(error)")
        }
    }
}
