// Text to terms: words, small letters, stop words, stems.

import CUTF8Proc

/// Turns text into terms. Holds a stemmer, so each thread has its own.
public final class WordAnalyzer {
    public let analysis: WordAnalysis
    private let scanner: WordScanner
    private let stemmer: Stemmer?
    private let stopWords: InternedStrings
    private var codes: [Int32] = []

    /// - Throws: `.unknownLanguage`.
    public init(_ analysis: WordAnalysis) throws(WordsError) {
        self.analysis = analysis
        scanner = WordScanner(analysis)
        if let language = analysis.stemmer {
            stemmer = try Stemmer(language)
        } else {
            stemmer = nil
        }
        var stopWords = InternedStrings()
        for word in analysis.stopWords.words {
            _ = Array(word.utf8).withUnsafeBytes { stopWords.intern($0) }
        }
        self.stopWords = stopWords
    }

    /// The terms of `text` in their order, one for each word that has one.
    public func terms(of text: String) -> [String] {
        var terms: [String] = []
        var term: [UInt8] = []
        var text = text
        text.withUTF8 { utf8 in
            _ = forEachWord(in: UnsafeRawBufferPointer(utf8)) { word, isASCII in
                guard self.term(of: word, isASCII: isASCII, into: &term) else { return }
                terms.append(String(decoding: term, as: UTF8.self))
            }
        }
        return terms
    }

    /// Words that still have to be made terms; see `WordScanner`.
    func forEachWord(
        in text: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer, Bool) -> Void
    ) -> Int {
        scanner.forEachWord(in: text, body)
    }

    /// Puts the term of a word into `term`; false if it has none.
    func term(of word: UnsafeRawBufferPointer, isASCII: Bool, into term: inout [UInt8]) -> Bool {
        term.removeAll(keepingCapacity: true)
        term.append(contentsOf: word)
        if !isASCII, !fold(&term) { return false }
        if term.withUnsafeBytes(stopWords.number) != nil { return false }
        stemmer?.stem(&term)
        return !term.isEmpty && term.count <= WordAnalysis.bytesMax
    }

    /// Composed small letters: NFKC with full case folding, as utf8proc knows Unicode.
    private func fold(_ word: inout [UInt8]) -> Bool {
        let options = utf8proc_option_t(
            UTF8PROC_STABLE.rawValue | UTF8PROC_COMPAT.rawValue | UTF8PROC_COMPOSE.rawValue
                | UTF8PROC_CASEFOLD.rawValue)
        // One character becomes at most 18; one more for the zero that reencode appends.
        let room = 18 * word.count + 1
        if codes.count < room { codes = [Int32](repeating: 0, count: room) }
        let count = utf8proc_decompose(word, word.count, &codes, codes.count - 1, options)
        guard count > 0, count < codes.count else { return false }
        let size = utf8proc_reencode(&codes, count, options)
        guard size > 0 else { return false }
        word.removeAll(keepingCapacity: true)
        codes.withUnsafeBytes { word.append(contentsOf: $0[..<size]) }
        return true
    }
}
