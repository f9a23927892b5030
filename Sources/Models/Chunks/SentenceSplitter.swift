// Where sentences and paragraphs end: rules by hand that know no language, a heuristic.

/// A sentence ends behind . ! ? or an ellipsis and what closes quotes and brackets, if white space
/// and no small letter follows; behind the stops of East Asia at once; and at a blank line. A full
/// stop behind an initial, a known abbreviation or the number of a list item ends none, nor does
/// one between digits. White space belongs to the sentence before it.
struct SentenceSplitter {
    private let text: PassageText
    private var place = 0
    private var start = 0
    private var ends: [Int] = []

    private static let abbreviations: Set<String> = [
        "mr", "mrs", "ms", "dr", "prof", "sr", "jr", "st", "rev", "hon", "gen", "col", "capt", "lt",
        "sgt", "vs", "etc", "eg", "ie", "e.g", "i.e", "cf", "viz", "al", "ca", "approx", "fig",
        "figs", "eq", "eqs", "sec", "ch", "ref", "refs", "no", "nos", "vol", "vols", "pp", "p",
        "ed", "eds", "inc", "ltd", "co", "corp", "dept", "univ", "jan", "feb", "mar", "apr", "jun",
        "jul", "aug", "sep", "sept", "oct", "nov", "dec", "a.m", "p.m", "u.s", "u.k", "bzw", "usw",
        "nr", "abb", "vgl", "z.b", "d.h", "u.a", "mme", "mlle", "sra", "dra",
    ]
    private static let abbreviationBytesMax = 8

    /// Ends of all sentences, the last at the end of the text; none for an empty text.
    static func ends(in text: PassageText) -> [Int] {
        var splitter = SentenceSplitter(text: text)
        splitter.run()
        return splitter.ends
    }

    private init(text: PassageText) { self.text = text }

    private mutating func run() {
        skipBlanks()
        while place < text.count {
            let (code, width) = text.scalar(place)
            let here = place
            place += width
            switch code {
            case 0x0a, 0x2029: if endsParagraph(here, code) { end() }
            case 0x21, 0x2e, 0x3f, 0x2026, 0x203d, 0x061f, 0x06d4, 0x0964, 0x0965:
                stop(at: here, isFullStop: code == 0x2e)
            case 0x3002, 0xff01, 0xff0e, 0xff1f, 0xff61:
                skip { Self.isStop($0) || Self.closes($0) }
                end()
            default: break
            }
        }
        if start < text.count { ends.append(text.count) }
    }

    private mutating func end() {
        skipBlanks()
        start = place
        ends.append(place)
    }

    private mutating func skip(_ belongs: (UInt32) -> Bool) {
        while place < text.count {
            let (code, width) = text.scalar(place)
            guard belongs(code) else { return }
            place += width
        }
    }

    private mutating func skipBlanks() { skip(text.isBlank) }

    private func endsParagraph(_ newline: Int, _ code: UInt32) -> Bool {
        code == 0x2029 || ParagraphSplitter.isBlankLine(text, from: newline + 1)
    }

    /// - at: where the first of perhaps several stops stands; `place` is behind it.
    private mutating func stop(at first: Int, isFullStop: Bool) {
        let behindFirst = place
        skip(Self.isStop)
        let isSingle = place == behindFirst
        skip(Self.closes)
        let closed = place
        guard place < text.count else { return }
        skipBlanks()
        // Within a number, an address or a name of a file.
        guard place > closed else { return }
        guard place < text.count else {
            place = closed
            return
        }
        let continues =
            isSmall(text.scalar(place).code) || isFullStop && isSingle && isAbbreviation(first)
        guard continues else {
            end()
            return
        }
        // A blank line among what was skipped is still seen.
        place = closed
    }

    private func isSmall(_ code: UInt32) -> Bool {
        if code < 0x80 { return (0x61...0x7a).contains(code) }
        return Unicode.Scalar(code)?.properties.isLowercase ?? false
    }

    /// Whether the word that ends at a full stop is an initial, an abbreviation, or a number alone
    /// at the beginning of a line.
    private func isAbbreviation(_ stop: Int) -> Bool {
        var begin = stop
        while begin > start, stop - begin <= 2 * Self.abbreviationBytesMax {
            let (code, width) = text.scalarBefore(begin)
            if text.isBlank(code) || [0x28, 0x22, 0x27, 0x5b, 0x201c, 0x2018].contains(code) {
                break
            }
            begin -= width
        }
        let word = String(decoding: text.part(begin..<stop), as: UTF8.self)
        guard !word.isEmpty else { return false }
        if word.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return word.utf8.count <= 3 && (begin == start || text.bytes[begin - 1] == 0x0a)
        }
        if word.utf8.count <= Self.abbreviationBytesMax,
            Self.abbreviations.contains(word.lowercased())
        {
            return true
        }
        // An initial, or several with stops between them: J. or J.R.R.
        return word.split(separator: ".").allSatisfy { part in
            part.unicodeScalars.count == 1
                && part.unicodeScalars.allSatisfy { $0.properties.isUppercase }
        }
    }

    private static func isStop(_ code: UInt32) -> Bool {
        switch code {
        case 0x21, 0x2e, 0x3f, 0x2026, 0x203d, 0x061f, 0x06d4, 0x0964, 0x0965, 0x3002, 0xff01,
            0xff0e, 0xff1f, 0xff61:
            true
        default: false
        }
    }

    private static func closes(_ code: UInt32) -> Bool {
        switch code {
        case 0x22, 0x27, 0x29, 0x5d, 0x7d, 0xbb, 0x2019, 0x201d, 0x203a, 0x300b, 0x300d, 0x300f,
            0x3011, 0xff09:
            true
        default: false
        }
    }
}

enum ParagraphSplitter {
    /// Ends of all paragraphs, behind the blank lines that follow them.
    static func ends(in text: PassageText) -> [Int] {
        var ends: [Int] = []
        var place = 0
        var isSeen = false
        while place < text.count {
            let line = place
            while place < text.count, text.bytes[place] != 0x0a { place += 1 }
            place = min(place + 1, text.count)
            let isBlank = isBlankLine(text, from: line)
            // The first line of a paragraph behind a blank one.
            if !isBlank, isSeen, line > 0, isBlankBefore(text, line) { ends.append(line) }
            isSeen = isSeen || !isBlank
        }
        if text.count > 0 { ends.append(text.count) }
        return ends
    }

    /// Whether nothing but blanks comes up to the next newline or the end.
    static func isBlankLine(_ text: PassageText, from start: Int) -> Bool {
        var place = start
        while place < text.count, text.bytes[place] != 0x0a {
            guard [0x20, 0x09, 0x0b, 0x0c, 0x0d].contains(text.bytes[place]) else { return false }
            place += 1
        }
        return true
    }

    /// Whether the line that ends before `line` is blank.
    private static func isBlankBefore(_ text: PassageText, _ line: Int) -> Bool {
        var place = line - 1
        while place > 0, text.bytes[place - 1] != 0x0a {
            guard [0x20, 0x09, 0x0b, 0x0c, 0x0d].contains(text.bytes[place - 1]) else {
                return false
            }
            place -= 1
        }
        return true
    }
}
