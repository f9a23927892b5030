// Where words begin and end.

import CUTF8Proc

/// Finds the words of UTF-8 text: runs of letters, marks and numbers, after UAX #29 by the
/// categories of the characters. As there, an apostrophe joins letters, a full stop or comma joins
/// digits, a low line joins both, and every ideograph and hiragana is a word. Unlike there, a full
/// stop between letters ends a word, because text without a space after its sentences is more
/// common than abbreviations whose letters somebody looks for. Bytes that are no UTF-8 end a word.
struct WordScanner {
    private let joinsAtApostrophes: Bool
    private let bytesMax: Int

    init(_ analysis: WordAnalysis) {
        joinsAtApostrophes = analysis.joinsAtApostrophes
        bytesMax = analysis.wordBytesMax
    }

    /// What a byte is: 0 for what ends a word, 1 for what may join, 2 for the start of a character
    /// beyond ASCII, or a letter or digit, the letter small.
    private static let classes: [UInt8] = (0...255).map { byte in
        switch UInt8(byte) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            UInt8(byte)
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt8(byte) | 0x20
        case UInt8(ascii: "'"), UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: "_"): 1
        case 0x80...0xFF: 2
        default: 0
        }
    }

    /// Calls `body` with each word, ASCII in small letters and the rest as it stands, and with
    /// whether it is all ASCII. At least 16 bytes may be read from where a word begins. Returns how
    /// many words were too long to be shown.
    func forEachWord(
        in text: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer, Bool) -> Void
    ) -> Int {
        withUnsafeTemporaryAllocation(byteCount: bytesMax + 16, alignment: 16) { buffer in
            Self.classes.withUnsafeBufferPointer { classes in
                var word = Word(buffer: buffer, bytesMax: bytesMax)
                var place = 0
                while place < text.count {
                    let kind = classes[Int(text[place])]
                    if kind > 2 {
                        word.append(kind)
                        place += 1
                    } else if kind == 2 {
                        place = beyondASCII(text, place, &word, body)
                    } else {
                        if kind == 1, !word.isEmpty, joins(text, place) {
                            word.append(text[place])
                        } else {
                            word.end(body)
                        }
                        place += 1
                    }
                }
                word.end(body)
                return word.tooLong
            }
        }
    }

    /// Whether the byte between two characters of a word keeps them together.
    private func joins(_ text: UnsafeRawBufferPointer, _ place: Int) -> Bool {
        guard place > 0, place + 1 < text.count else { return false }
        let (before, after) = (text[place - 1], text[place + 1])
        switch text[place] {
        case UInt8(ascii: "'"):
            return joinsAtApostrophes && Self.isLetter(before) && Self.isLetter(after)
        case UInt8(ascii: "_"): return Self.isWord(before) && Self.isWord(after)
        default: return Self.isDigit(before) && Self.isDigit(after)
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    /// What is beyond ASCII counts as a letter beside an apostrophe.
    private static func isLetter(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A
    }
    private static func isWord(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) }

    /// Takes one character that is not ASCII; returns where the next one begins.
    @inline(never)
    private func beyondASCII(
        _ text: UnsafeRawBufferPointer, _ place: Int, _ word: inout Word,
        _ body: (UnsafeRawBufferPointer, Bool) -> Void
    ) -> Int {
        let bytes = text.baseAddress?.assumingMemoryBound(to: UInt8.self)
        guard let bytes else { return text.count }
        var code: Int32 = -1
        let length = utf8proc_iterate(bytes + place, text.count - place, &code)
        guard length > 0, code >= 0 else {
            word.end(body)
            return place + 1
        }
        let character = UnsafeRawBufferPointer(rebasing: text[place..<place + length])
        switch Character(code) {
        case .word: word.append(contentsOf: character)
        case .alone:
            word.end(body)
            word.append(contentsOf: character)
            word.end(body)
        case .ignored: break
        case .apostrophe:
            let next = place + length
            if joinsAtApostrophes, !word.isEmpty, next < text.count, Self.isLetter(text[next]) {
                word.append(UInt8(ascii: "'"))
            } else {
                word.end(body)
            }
        case .other: word.end(body)
        }
        return place + length
    }

    private enum Character {
        case word, alone, ignored, apostrophe, other

        init(_ code: Int32) {
            if code == 0x2019 {
                self = .apostrophe
                return
            }
            switch utf8proc_category(code) {
            case UTF8PROC_CATEGORY_LO: self = Self.isAlone(code) ? .alone : .word
            case UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LL, UTF8PROC_CATEGORY_LT,
                UTF8PROC_CATEGORY_LM, UTF8PROC_CATEGORY_MN, UTF8PROC_CATEGORY_MC,
                UTF8PROC_CATEGORY_ME, UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_NL,
                UTF8PROC_CATEGORY_NO:
                self = .word
            case UTF8PROC_CATEGORY_CF: self = .ignored
            default: self = .other
            }
        }

        /// Ideographs and hiragana, by their blocks.
        private static func isAlone(_ code: Int32) -> Bool {
            switch code {
            case 0x3041...0x3096, 0x309F, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF,
                0x1B001...0x1B11F, 0x20000...0x3FFFD:
                true
            default: false
            }
        }
    }

    /// The word that is being read.
    private struct Word {
        let buffer: UnsafeMutableRawBufferPointer
        let bytesMax: Int
        private var count = 0
        private var isASCII = true
        private(set) var tooLong = 0

        init(buffer: UnsafeMutableRawBufferPointer, bytesMax: Int) {
            self.buffer = buffer
            self.bytesMax = bytesMax
        }

        var isEmpty: Bool { count == 0 }

        @inline(__always)
        mutating func append(_ byte: UInt8) {
            if count < bytesMax { buffer[count] = byte }
            count += 1
        }

        mutating func append(contentsOf bytes: UnsafeRawBufferPointer) {
            isASCII = false
            for byte in bytes { append(byte) }
        }

        @inline(__always)
        mutating func end(_ body: (UnsafeRawBufferPointer, Bool) -> Void) {
            guard count > 0 else { return }
            if count <= bytesMax {
                body(UnsafeRawBufferPointer(rebasing: buffer[..<count]), isASCII)
            } else {
                tooLong += 1
            }
            count = 0
            isASCII = true
        }
    }
}
