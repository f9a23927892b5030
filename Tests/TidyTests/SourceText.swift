// One source file as lines, and again with comments and string contents blanked out.

/// A file of the repository: what a rule looks at.
struct SourceText {
    /// Relative to the root of the repository, with `/` between its parts.
    let path: String
    let lines: [String]
    /// The same lines, where every character of a comment or of a string's text is a space; code
    /// inside `\( )` stays.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = Self.split(text)
        var mask = SourceMask(text, language: path.hasSuffix(".swift") ? .swift : .c)
        code = Self.split(mask.masked())
    }

    var name: String { String(path.split(separator: "/").last ?? "") }
    var isSwift: Bool { path.hasSuffix(".swift") }

    /// `Sources/Cluster/Event.swift` belongs to the module `Cluster`; a test to none.
    var module: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }

    private static func split(_ text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        return lines
    }
}

/// One broken rule at one line, counted from 1.
struct Violation: Equatable, CustomStringConvertible {
    let path: String
    let line: Int
    let sentence: String

    var description: String { "\(path):\(line): \(sentence)" }
}
