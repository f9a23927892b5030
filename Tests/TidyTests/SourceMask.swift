// Blanks out comments and string contents, so that rules about code look at code alone.

/// A scanner over the characters of one file.
struct SourceMask {
    enum Language { case swift, c }

    /// A Swift string that is open: its number of `#` and of quotes.
    private struct StringMode {
        let pounds: Int
        let quotes: Int
        /// Parentheses open in the interpolation above it; nil while in the text itself.
        var parentheses: Int?
    }

    private let source: [Character]
    private let language: Language
    private var position = 0
    private var output: [Character] = []
    private var strings: [StringMode] = []

    init(_ text: String, language: Language) {
        source = Array(text)
        self.language = language
        output.reserveCapacity(source.count)
    }

    mutating func masked() -> String {
        while position < source.count {
            if let mode = strings.last, mode.parentheses == nil {
                insideString(mode)
            } else {
                insideCode()
            }
        }
        return String(output)
    }

    private mutating func insideCode() {
        if sees("//") {
            while position < source.count, source[position] != "\n" { blank() }
        } else if sees("/*") {
            blockComment()
        } else if language == .c, source[position] == "'" || source[position] == "\"" {
            cLiteral(source[position])
        } else if language == .swift, let mode = openingString() {
            for _ in 0..<mode.pounds + mode.quotes { keep() }
            strings.append(mode)
        } else {
            countParenthesis(source[position])
            keep()
        }
    }

    /// Inside an interpolation the parenthesis that closes it returns to the string.
    private mutating func countParenthesis(_ character: Character) {
        guard let open = strings.last?.parentheses else { return }
        switch character {
        case "(": strings[strings.count - 1].parentheses = open + 1
        case ")": strings[strings.count - 1].parentheses = open == 1 ? nil : open - 1
        default: break
        }
    }

    private mutating func insideString(_ mode: StringMode) {
        let pounds = String(repeating: "#", count: mode.pounds)
        if sees(String(repeating: "\"", count: mode.quotes) + pounds) {
            for _ in 0..<mode.pounds + mode.quotes { keep() }
            strings.removeLast()
        } else if sees("\\" + pounds + "(") {
            for _ in 0..<mode.pounds + 1 { blank() }
            keep()
            strings[strings.count - 1].parentheses = 1
        } else if sees("\\" + pounds) {
            for _ in 0..<mode.pounds + 2 { blank() }
        } else if mode.quotes == 1, source[position] == "\n" {
            // An unclosed string ends with its line, so that one mistake cannot hide a file.
            strings.removeLast()
            keep()
        } else {
            blank()
        }
    }

    private func openingString() -> StringMode? {
        var index = position
        while index < source.count, source[index] == "#" { index += 1 }
        guard index < source.count, source[index] == "\"" else { return nil }
        let triple =
            index + 2 < source.count && source[index + 1] == "\""
            && source[index + 2] == "\""
        return StringMode(pounds: index - position, quotes: triple ? 3 : 1)
    }

    private mutating func blockComment() {
        var depth = 0
        repeat {
            if sees("/*"), depth == 0 || language == .swift {
                depth += 1
                blank()
            } else if sees("*/") {
                depth -= 1
                blank()
            }
            blank()
        } while depth > 0 && position < source.count
    }

    private mutating func cLiteral(_ quote: Character) {
        keep()
        while position < source.count, source[position] != quote, source[position] != "\n" {
            if source[position] == "\\" { blank() }
            blank()
        }
        keep()
    }

    private func sees(_ text: String) -> Bool {
        var index = position
        for character in text {
            guard index < source.count, source[index] == character else { return false }
            index += 1
        }
        return true
    }

    private mutating func keep() {
        guard position < source.count else { return }
        output.append(source[position])
        position += 1
    }

    /// Line ends stay, so that line numbers do.
    private mutating func blank() {
        guard position < source.count else { return }
        output.append(source[position].isNewline ? "\n" : " ")
        position += 1
    }
}
