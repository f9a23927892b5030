// Rules about words: names that say nothing, calls that trap or print, files that open in silence.

enum WordRules {
    static let suffixesBanned = ["Manager", "Helper", "Helpers", "Util", "Utils", "Base"]
    private static let declarations: Set<String> = [
        "class", "struct", "enum", "protocol", "actor", "typealias",
    ]

    static func bannedNames(in source: SourceText) -> [Violation] {
        guard source.isSwift else { return [] }
        return source.code.enumerated().flatMap { index, line in
            declaredTypes(line).compactMap { name in
                suffixesBanned.first(where: name.hasSuffix).map { suffix in
                    Violation(
                        path: source.path, line: index + 1,
                        sentence: "\(name) ends in \(suffix); name what it is")
                }
            }
        }
    }

    private static func declaredTypes(_ line: String) -> [String] {
        let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
        return zip(words, words.dropFirst()).compactMap { keyword, name in
            declarations.contains(keyword) ? name : nil
        }
    }

    static func forcedTries(in source: SourceText) -> [Violation] {
        calls(of: "try!", in: source, sentence: "try! traps; handle the error or rethrow it")
    }

    /// Only the console speaks to people; everybody else returns, throws or logs.
    static func prints(in source: SourceText) -> [Violation] {
        guard let module = source.module, module != "Console" else { return [] }
        return ["print(", "debugPrint("].flatMap {
            calls(of: $0, in: source, sentence: "\($0)) outside Console; return, throw or log")
        }
    }

    /// Before version 2.38 glibc does not find again what it gave out aligned to more than 16
    /// bytes, so that every such block that comes and goes leaves a hole.
    static func alignments(in source: SourceText) -> [Violation] {
        guard source.isSwift, source.module != nil else { return [] }
        return source.code.enumerated().compactMap { index, line in
            guard let match = line.firstMatch(of: /\balignment: (\d+)\b/),
                Int(match.1) ?? 0 > 16
            else { return nil }
            return Violation(
                path: source.path, line: index + 1,
                sentence: "an alignment above 16 fragments the heap; use 16, or AlignedBuffer")
        }
    }

    private static func calls(
        of word: String, in source: SourceText, sentence: String
    ) -> [Violation] {
        guard source.isSwift else { return [] }
        return source.code.enumerated().compactMap { index, line in
            contains(word, in: line)
                ? Violation(path: source.path, line: index + 1, sentence: sentence) : nil
        }
    }

    /// Whether `word` stands in `line` and is not the end of a longer name or a method.
    private static func contains(_ word: String, in line: String) -> Bool {
        var previous: Character = " "
        for index in line.indices {
            let isInside = previous.isLetter || previous.isNumber || "._".contains(previous)
            if !isInside, line[index...].hasPrefix(word) { return true }
            previous = line[index]
        }
        return false
    }

    /// A line that the argument parser would break leaves a ragged paragraph behind.
    static func wideHelp(_ source: SourceText) -> [Violation] {
        var isHelp = false
        return source.lines.enumerated().compactMap { index, line in
            let text = line.drop { $0 == " " }
            if isHelp, text.hasPrefix("\"\"\"") { isHelp = false }
            defer { if text.hasSuffix("discussion: \"\"\"") { isHelp = true } }
            // Help is written three levels deep.
            guard isHelp, line.count > 80 + 12 else { return nil }
            return Violation(
                path: source.path, line: index + 1,
                sentence: "a line of help has \(line.count - 12) columns; 80 fit a terminal")
        }
    }

    static func missingOpening(_ source: SourceText) -> [Violation] {
        guard source.module != nil else { return [] }
        let first = source.lines.first ?? ""
        let opens = ["// ", "/*"].contains(where: first.hasPrefix)
        guard !opens else { return [] }
        return [
            Violation(
                path: source.path, line: 1,
                sentence: "a file opens with a comment that says what it is responsible for")
        ]
    }
}
