// Snowball's stemmers: what is left of a word when its ending is gone.

import CStemmer

/// A stemmer of one language. One thread at a time.
final class Stemmer {
    private let stemmer: OpaquePointer

    /// The names of the languages, sorted.
    static let languages: [String] = {
        var names: [String] = []
        guard let list = sb_stemmer_list() else { return names }
        var place = 0
        while let name = list[place] {
            names.append(String(cString: name))
            place += 1
        }
        return names.sorted()
    }()

    /// - Parameter language: one of `languages`.
    init(_ language: String) throws(WordsError) {
        // The library also takes codes and other names of a language; an index has one name only.
        guard Self.languages.contains(language), let made = sb_stemmer_new(language, "UTF_8") else {
            throw .unknownLanguage(language, known: Self.languages)
        }
        stemmer = made
    }

    /// Replaces `word` (UTF-8 in small letters) by its stem.
    func stem(_ word: inout [UInt8]) {
        let size = Int32(clamping: word.count)
        guard let stem = sb_stemmer_stem(stemmer, word, size) else { return }
        let count = Int(sb_stemmer_length(stemmer))
        // Nothing would be left of some words, such as a lone apostrophe.
        guard count > 0 else { return }
        word.removeAll(keepingCapacity: true)
        word.append(contentsOf: UnsafeBufferPointer(start: stem, count: count))
    }

    deinit { sb_stemmer_delete(stemmer) }
}
