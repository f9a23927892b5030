// The patterns that normalizers and pre-tokenizers search for, besides those of whole words.

/// A literal, or a run of blanks.
enum TextPattern {
    case literal([UInt8])
    /// At least so many characters of the classes after one another.
    case run(of: RunKind, least: Int)

    enum RunKind {
        case blank
        case space
        case newline
    }

    /// Regular expressions that are known by their text.
    static let known: [String: TextPattern] = [
        " {2,}": .run(of: .blank, least: 2), " +": .run(of: .blank, least: 1),
        "\\s+": .run(of: .space, least: 1), "\\s": .run(of: .space, least: 0),
        "\\s{2,}": .run(of: .space, least: 2), "\\n+": .run(of: .newline, least: 1),
        "\\n": .literal([0x0a]), " ": .literal([0x20]),
    ]

    /// The first match at or behind `from`.
    func next(_ text: Bytes, _ from: Int) -> WordRange? {
        switch self {
        case .literal(let literal): Self.find(literal, text, from)
        case .run(let kind, let least): Self.find(kind, least, text, from)
        }
    }

    private static func find(_ literal: [UInt8], _ text: Bytes, _ from: Int) -> WordRange? {
        literal.withUnsafeBufferPointer { literal in
            var place = from
            let first = literal[0]
            while place + literal.count <= text.count {
                if text[place] == first {
                    var length = 1
                    while length < literal.count, text[place + length] == literal[length] {
                        length += 1
                    }
                    if length == literal.count {
                        return WordRange(start: place, end: place + length)
                    }
                }
                place += 1
            }
            return nil
        }
    }

    /// Runs are maximal, except for `least` 0, which stands for a single character.
    private static func find(
        _ kind: RunKind, _ least: Int, _ text: Bytes, _ from: Int
    ) -> WordRange? {
        var place = from
        while place < text.count {
            let start = place
            var count = 0
            while place < text.count, count == 0 || least > 0 {
                let (code, width) = Text.scalar(text, place)
                guard isMember(code, kind) else { break }
                place += width
                count += 1
            }
            if count >= max(least, 1) { return WordRange(start: start, end: place) }
            if count == 0 { place += Text.width(text[place]) }
        }
        return nil
    }

    private static func isMember(_ code: UInt32, _ kind: RunKind) -> Bool {
        switch kind {
        case .blank: code == 0x20
        case .newline: code == 0x0a
        case .space: CharacterTable.shared.has(code, .space)
        }
    }
}
