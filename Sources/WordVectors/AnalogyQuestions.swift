// Analogy questions, as the file questions-words.txt has them.

public import Files

/// Questions "a is to b as c is to d" in named sections.
public struct AnalogyQuestions: Sendable {
    public struct Section: Sendable, Equatable {
        public var name: String
        /// Four words each: a, b, c and the expected d.
        public var questions: [[String]] = []

        /// Sections of grammar, by the naming of word2vec's file; the others ask for meaning.
        public var isSyntactic: Bool { name.hasPrefix("gram") }
    }

    public var sections: [Section] = []

    /// Reads lines ": section" and lines of four words. A section whose name comes again goes on.
    ///
    /// - Throws: `.unreadable`; `.malformed` for a line of another form, or without any question.
    public init(path: String) throws(FileError) {
        var places: [String: Int] = [:]
        var current = 0
        try TextLines.read(path) { (line, offset) throws(FileError) in
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            if words.first?.hasPrefix(":") == true {
                current = place(of: Self.name(line), &places)
            } else if words.count == 4 {
                if sections.isEmpty { current = place(of: "", &places) }
                sections[current].questions.append(words)
            } else if !words.isEmpty {
                throw .malformed(
                    path: path, offset: offset,
                    reason: "an analogy has four words, this line \(words.count)")
            }
        }
        guard sections.contains(where: { !$0.questions.isEmpty }) else {
            throw .malformed(path: path, offset: 0, reason: "there are no analogies in it")
        }
    }

    /// Where the section of that name is, which is begun if there is none.
    private mutating func place(of name: String, _ places: inout [String: Int]) -> Int {
        if let known = places[name] { return known }
        sections.append(Section(name: name))
        places[name] = sections.count - 1
        return sections.count - 1
    }

    private static func name(_ line: String) -> String {
        line.drop { $0 == ":" || $0.isWhitespace }.split(whereSeparator: \.isWhitespace)
            .joined(separator: " ")
    }
}
