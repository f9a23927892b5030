// Text to terms, in several scripts.

import Testing

@testable import Retrieval

@Suite("Words and their terms")
struct WordAnalyzerTests {
    private func words(_ text: String, _ analysis: WordAnalysis = WordAnalysis()) throws -> [String]
    {
        try WordAnalyzer(analysis).terms(of: text)
    }

    @Test(
        "words end where readers say they end",
        arguments: [
            ("The quick (brown) fox", ["the", "quick", "brown", "fox"]),
            ("don't 'quoted' rock'n'roll dogs'", ["don't", "quoted", "rock'n'roll", "dogs"]),
            ("don\u{2019}t l\u{2019}\u{00E9}t\u{00E9}", ["don't", "l'\u{00E9}t\u{00E9}"]),
            (
                "3.14 1,000,000 end.Next e.g. v2.0.",
                ["3.14", "1,000,000", "end", "next", "e", "g", "v2.0"]
            ),
            ("a_b __init__ _x", ["a_b", "init", "x"]),
            ("p53-dependent α-synuclein", ["p53", "dependent", "α", "synuclein"]),
            ("日本語 ひらがな カタカナ", ["日", "本", "語", "ひ", "ら", "が", "な", "カタカナ"]),
            ("한국어 조선", ["한국어", "조선"]),
            ("soft\u{00AD}hyphen zero\u{200D}width", ["softhyphen", "zerowidth"]),
            ("हिन्दी नमस्ते", ["हिन्दी", "नमस्ते"]),
            ("€5 ±3 a→b 😀smile", ["5", "3", "a", "b", "smile"]),
            ("", []), ("  \n\t ", []), ("'._,", []), ("x", ["x"]), (".5", ["5"]),
        ])
    func boundaries(text: String, expected: [String]) throws {
        #expect(try words(text) == expected)
    }

    @Test(
        "spellings of one word are one term",
        arguments: [
            ("STRASSE", "Straße"), ("\u{00E9}", "e\u{0301}"), ("ÉCOLE", "école"),
            ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
            ("ﬁne", "fine"), ("ＦＵＬＬ", "full"), ("Ⅷ", "viii"), ("ДОМ", "дом"),
        ])
    func folding(one: String, other: String) throws {
        #expect(try words(one) == words(other))
        #expect(try words(one).count == 1)
    }

    @Test(
        "stems are Snowball's",
        arguments: [
            ("english", "running flies happily wing's", ["run", "fli", "happili", "wing"]),
            ("german", "aufeinanderfolgende Häuser", ["aufeinanderfolg", "haus"]),
            ("french", "l'avion continuellement", ["l", "avion", "continuel"]),
            ("russian", "важнейшие", ["важн"]),
            ("porter", "relational", ["relat"]),
        ])
    func stems(language: String, text: String, expected: [String]) throws {
        #expect(try words(text, WordAnalysis(stemmer: language)) == expected)
    }

    @Test("stop words go before stems are made")
    func stopWords() throws {
        #expect(try words("To be, or NOT to be: that is the question", .english) == ["question"])
        #expect(try words("Its was was's", .english) == ["it", "was"])
    }

    @Test(
        "a language without a stemmer is refused by name",
        arguments: ["klingon", "", "en", "English"])
    func unknownLanguage(name: String) {
        #expect(throws: WordsError.unknownLanguage(name, known: WordAnalysis.stemmers)) {
            try WordAnalyzer(WordAnalysis(stemmer: name))
        }
        #expect(WordAnalysis.stemmers.contains("english"))
    }

    @Test("words longer than the limit have no term and are counted")
    func tooLong() throws {
        var builder = try InvertedFile.Builder(WordAnalysis(wordBytesMax: 5))
        try builder.add("12345 123456 \(String(repeating: "y", count: 100_000)) ééé éé")
        #expect(builder.wordsTooLong == 3)
        #expect(try words("12345 123456 ab", WordAnalysis(wordBytesMax: 5)) == ["12345", "ab"])
        // One character that is 18 when it is folded.
        let text = String(repeating: "\u{FDFA}", count: 40)
        #expect(try words(text + " x").last == "x")
    }

    @Test("an analysis is what its description says", arguments: WordAnalysis.stemmers + [""])
    func description(name: String) throws {
        for stop in WordAnalysis.StopWords.allCases {
            let analysis = WordAnalysis(
                stemmer: name.isEmpty ? nil : name, stopWords: stop, wordBytesMax: 77)
            #expect(try WordAnalysis(description: analysis.description) == analysis)
        }
    }

    @Test(
        "what is no analysis of this version is refused",
        arguments: [
            "", "words-1", "words-2 stemmer=none stop=none bytes=128",
            "words-1 stemmer=none stop=french bytes=128",
            "words-1 stemmer=none stop=none bytes=0", "words-1 stemmer=none stop=none bytes=999",
            "words-1 x=none stop=none bytes=128", "words-1 stemmer=none stop=none bytes=128 x",
        ])
    func unknownDescription(text: String) {
        #expect(throws: WordsError.unknownAnalysis(text)) { try WordAnalysis(description: text) }
    }

    @Test("bytes that are no UTF-8 separate words")
    func invalid() throws {
        var builder = try InvertedFile.Builder(WordAnalysis())
        let bytes: [UInt8] = Array("ab".utf8) + [0xFF, 0xC3] + Array("cd".utf8) + [0xE2, 0x82]
        _ = try bytes.withUnsafeBytes { try builder.add($0) }
        let file = try finished(builder)
        #expect(try file.allPostings().map(\.term) == ["ab", "cd"])
    }
}

/// The file that a builder makes.
func finished(_ builder: consuming InvertedFile.Builder) throws -> InvertedFile {
    try InvertedFile(copying: try bytes(builder))
}

func bytes(_ builder: consuming InvertedFile.Builder) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try builder.finish { bytes += Array($0) }
    return bytes
}
