// Finds where functions begin and end, in Swift by their keyword, in C by their braces.

struct FunctionFinder {
    private let characters: [Character]
    private let isSwift: Bool

    init(_ source: SourceText) {
        isSwift = source.isSwift
        let lines = isSwift ? source.code : Self.withoutDirectives(source.code)
        characters = Array(lines.joined(separator: "\n"))
    }

    /// Line ranges from the keyword (in C: from the opening brace) to the closing brace, from 0.
    func functions() -> [Range<Int>] {
        isSwift ? swiftFunctions() : cFunctions()
    }

    private func swiftFunctions() -> [Range<Int>] {
        var found: [Range<Int>] = []
        var line = 0
        for index in characters.indices {
            if characters[index] == "\n" { line += 1 }
            guard startsFunction(at: index), let open = bodyStart(after: index) else { continue }
            let close = closing(open)
            found.append(line..<line + newlines(in: index..<close) + 1)
        }
        return found
    }

    private func startsFunction(at index: Int) -> Bool {
        if index > 0 {
            let before = characters[index - 1]
            if before.isLetter || before.isNumber || "._`\\".contains(before) { return false }
        }
        return ["func ", "init(", "init?(", "init<", "deinit {", "subscript("].contains { keyword in
            characters[index...].starts(with: keyword)
        }
    }

    /// The brace that opens the body; nil for a requirement of a protocol, which has none.
    private func bodyStart(after index: Int) -> Int? {
        var depth = 0
        var position = index
        while position < characters.count {
            switch characters[position] {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "{" where depth == 0: return position
            case "}" where depth == 0: return nil
            case "\n" where depth == 0:
                if !continues(after: position) { return nil }
            default: break
            }
            position += 1
        }
        return nil
    }

    /// Whether the line after a line end still belongs to the same declaration.
    private func continues(after end: Int) -> Bool {
        let before = characters[..<end].suffix(2)
        if before.elementsEqual("->") || before.last == "," { return true }
        let rest = characters[(end + 1)...].drop { $0.isWhitespace }
        return ["{", "->", "where ", "throws", "rethrows", "async", "&", ","].contains {
            rest.starts(with: $0)
        }
    }

    private func cFunctions() -> [Range<Int>] {
        var found: [Range<Int>] = []
        var line = 0
        var position = 0
        var head = ""
        while position < characters.count {
            let character = characters[position]
            if character == "\n" { line += 1 }
            if character == "{" {
                let isFunction = head.contains("(") && !head.contains("=")
                // `extern "C" {` wraps declarations: look inside.
                let isWrapper = head.contains("extern") && !isFunction
                let close = isWrapper ? position : closing(position)
                let count = newlines(in: position..<close)
                if isFunction { found.append(line..<line + count + 1) }
                line += count
                position = close
                head = ""
            } else if character == ";" || character == "}" {
                head = ""
            } else {
                head.append(character)
            }
            position += 1
        }
        return found
    }

    private func closing(_ open: Int) -> Int {
        var depth = 0
        for position in open..<characters.count {
            if characters[position] == "{" { depth += 1 }
            if characters[position] == "}" { depth -= 1 }
            if depth == 0 { return position }
        }
        return characters.count - 1
    }

    private func newlines(in range: Range<Int>) -> Int {
        characters[range].count { $0 == "\n" }
    }

    /// Braces of a macro need not match: the preprocessor's lines are no code here.
    private static func withoutDirectives(_ lines: [String]) -> [String] {
        var continued = false
        return lines.map { line in
            let isDirective = continued || line.drop { $0 == " " || $0 == "\t" }.hasPrefix("#")
            continued = isDirective && line.hasSuffix("\\")
            return isDirective ? "" : line
        }
    }
}
