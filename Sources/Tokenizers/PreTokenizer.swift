// Pre-tokenizers: how a text is cut into the words that the model sees.

/// One step; a `Sequence` is a list of them.
enum PreTokenizer {
    case bert
    case whitespace
    case whitespaceSplit
    case punctuation(SplitBehavior)
    case digits(isIndividual: Bool)
    case split(TextPattern, SplitBehavior, isInverted: Bool)
    case words(WordPattern, SplitBehavior, isInverted: Bool)
    case metaspace(Metaspace)
    /// Bytes stay bytes: the model knows what they are called.
    case byteLevel(addsPrefixSpace: Bool, splits: Bool)

    /// A file may have as many steps.
    static let stepsMax = 32

    /// Cuts each range of `text`.
    func split(
        _ text: Bytes, _ ranges: borrowing Growing<WordRange>, _ output: inout Growing<WordRange>
    ) {
        let table = CharacterTable.shared
        output.count = 0
        for index in 0..<ranges.count {
            let range = ranges[index]
            switch self {
            case .bert: Self.bert(text, range, table, &output)
            case .whitespace: Self.whitespace(text, range, table, &output)
            case .whitespaceSplit:
                Self.byClass(.space, .removed, text, range, table, &output)
            case .punctuation(let behavior):
                Self.byClass(.punctuation, behavior, text, range, table, &output)
            case .digits(let isIndividual):
                Self.byClass(
                    .numeric, isIndividual ? .isolated : .contiguous, text, range, table, &output)
            case .split(let pattern, let behavior, let isInverted):
                let part = text.slice(0, range.end)
                behavior.split(range, &output, isInverted: isInverted) { pattern.next(part, $0) }
            case .words(let pattern, let behavior, let isInverted):
                Self.words(pattern, behavior, isInverted, text, range, table, &output)
            case .metaspace(let metaspace):
                metaspace.split(text, range, &output)
            case .byteLevel(_, let splits):
                if splits {
                    Self.words(.gpt2, .isolated, false, text, range, table, &output)
                } else {
                    output.append(range)
                }
            }
        }
    }

    /// Words between white space, and each punctuation on its own.
    private static func bert(
        _ text: Bytes, _ range: WordRange, _ table: CharacterTable,
        _ output: inout Growing<WordRange>
    ) {
        let ends: CharacterClasses = [.space, .punctuation]
        var place = range.start
        var start = place
        while place < range.end {
            let (code, width) = Text.scalar(text, place)
            let classes = table.classes(code)
            if classes & ends.rawValue != 0 {
                if start < place { output.append(WordRange(start: start, end: place)) }
                start = place + width
                if classes & CharacterClasses.space.rawValue == 0 {
                    output.append(WordRange(start: place, end: start))
                }
            }
            place += width
        }
        if start < place { output.append(WordRange(start: start, end: place)) }
    }

    /// `\w+|[^\w\s]+`
    private static func whitespace(
        _ text: Bytes, _ range: WordRange, _ table: CharacterTable,
        _ output: inout Growing<WordRange>
    ) {
        let kinds: CharacterClasses = [.space, .word]
        var place = range.start
        while place < range.end {
            let start = place
            let kind = table.classes(Text.scalar(text, place).code) & kinds.rawValue
            repeat {
                place += Text.width(text[place])
            } while place < range.end
                && table.classes(Text.scalar(text, place).code) & kinds.rawValue == kind
            if kind & CharacterClasses.space.rawValue == 0 {
                output.append(WordRange(start: start, end: place))
            }
        }
    }

    /// Cuts at every character of a class.
    private static func byClass(
        _ wanted: CharacterClasses, _ behavior: SplitBehavior, _ text: Bytes, _ range: WordRange,
        _ table: CharacterTable, _ output: inout Growing<WordRange>
    ) {
        behavior.split(range, &output) { from in
            var place = from
            while place < range.end {
                let (code, width) = Text.scalar(text, place)
                if table.has(code, wanted) { return WordRange(start: place, end: place + width) }
                place += width
            }
            return nil
        }
    }

    /// Matches cover the whole text, so that most behaviours come to the same.
    private static func words(
        _ pattern: WordPattern, _ behavior: SplitBehavior, _ isInverted: Bool, _ text: Bytes,
        _ range: WordRange, _ table: CharacterTable, _ output: inout Growing<WordRange>
    ) {
        guard behavior == .isolated || behavior == .removed && isInverted else {
            behavior.split(range, &output, isInverted: isInverted) { place in
                WordRange(start: place, end: pattern.end(text, place, range.end, table))
            }
            return
        }
        var place = range.start
        while place < range.end {
            let end = pattern.end(text, place, range.end, table)
            output.append(WordRange(start: place, end: end))
            place = end
        }
    }
}

// MARK: Steps that change the text

extension PreTokenizer {
    /// What the step makes of the text before it cuts: nil if nothing.
    func rewritten(
        _ text: Bytes, _ ranges: borrowing Growing<WordRange>, isAtStart: Bool,
        _ output: inout Growing<UInt8>, _ moved: inout Growing<WordRange>
    ) -> Bytes? {
        output.count = 0
        moved.count = 0
        switch self {
        case .metaspace(let metaspace):
            for index in 0..<ranges.count {
                let start = output.count
                let range = ranges[index]
                metaspace.rewrite(
                    text.slice(range.start, range.end), isFirst: index == 0 && isAtStart, &output)
                moved.append(WordRange(start: start, end: output.count))
            }
        case .byteLevel(addsPrefixSpace: true, _):
            for index in 0..<ranges.count {
                let start = output.count
                let range = ranges[index]
                if text[range.start] != 0x20 { output.append(0x20) }
                output.append(text.slice(range.start, range.end))
                moved.append(WordRange(start: start, end: output.count))
            }
        default: return nil
        }
        return output.bytes
    }
}

/// Spaces become a letter of their own, which starts a word (sentencepiece).
struct Metaspace {
    enum Prepend: String {
        case always
        case first
        case never
    }

    let replacement: [UInt8]
    let prepend: Prepend
    let splits: Bool

    func rewrite(_ text: Bytes, isFirst: Bool, _ output: inout Growing<UInt8>) {
        replacement.withUnsafeBufferPointer { replacement in
            guard let letter = replacement.baseAddress, text.count > 0 else { return }
            let width = replacement.count
            output.reserve(text.count * width + width)
            let starts =
                text[0] == 0x20
                || text.count >= width
                    && text.slice(0, width).equals(
                        Bytes(start: letter, count: width))
            if !starts, prepend == .always || prepend == .first && isFirst {
                output.append(letter, width)
            }
            for place in 0..<text.count {
                if text[place] == 0x20 {
                    output.append(letter, width)
                } else {
                    output.append(text[place])
                }
            }
        }
    }

    /// Each replacement starts a word; of several in a row the last does, the others stand alone.
    func split(_ text: Bytes, _ range: WordRange, _ output: inout Growing<WordRange>) {
        guard splits else { return output.append(range) }
        replacement.withUnsafeBufferPointer { replacement in
            guard let letter = replacement.baseAddress else { return }
            let sign = Bytes(start: letter, count: replacement.count)
            var start = range.start
            var place = range.start
            while place + sign.count <= range.end {
                if text[place] == sign[0], text.slice(place, place + sign.count).equals(sign) {
                    if place > start { output.append(WordRange(start: start, end: place)) }
                    start = place
                    place += sign.count
                } else {
                    place += 1
                }
            }
            if start < range.end { output.append(WordRange(start: start, end: range.end)) }
        }
    }
}
