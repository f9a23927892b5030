// The regular expressions by which GPT-like models find words, as scanners written by hand.

/// One of a family of patterns: contractions, letters, digits, other signs and white space, tried
/// in this order at every place. Every character belongs to some match.
struct WordPattern {
    enum Contractions {
        case none
        /// `'s|'t|'re|'ve|'m|'ll|'d` on their own.
        case exact
        /// The same in either case.
        case folded
        /// In either case, as the end of a word.
        case trailing
    }

    enum Lead {
        /// ` ?` before letters.
        case blank
        /// `[^\r\n\p{L}\p{N}]?` before letters.
        case any
    }

    enum Letters {
        /// `\p{L}+`
        case plain
        /// `[\p{L}\p{M}]+`
        case marked
        /// Capitals, then small letters, of which one part may lack.
        case cased
    }

    var contractions = Contractions.none
    var lead = Lead.any
    var letters = Letters.plain
    /// At most so many digits in a row.
    var digitsMax = 1
    var digitsTakeBlank = false
    /// What may follow other signs: line ends, or these and slashes.
    var signsTakeNewlines = false
    var signsTakeSlashes = false
    /// `\s*[\r\n]+`
    var newlinesEndWords = false

    /// Where the match at `place` ends.
    @inline(__always)
    func end(_ text: Bytes, _ place: Int, _ limit: Int, _ table: CharacterTable) -> Int {
        let scan = WordScan(text: text, limit: limit, table: table)
        let first = text[place]
        if first == UInt8(ascii: "'"), contractions == .exact || contractions == .folded {
            let end = scan.contraction(place, isFolded: contractions == .folded)
            if end > place { return end }
        }
        let (code, width) = Text.scalar(text, place)
        let classes = table.classes(code)
        let letterEnd = lettersEnd(scan, place, classes, width, first)
        if letterEnd > place { return letterEnd }
        if classes & CharacterClasses.number.rawValue != 0 {
            return scan.run(place, .number, most: digitsMax)
        }
        if first == 0x20, digitsTakeBlank, place + 1 < limit, scan.has(place + 1, .number) {
            return scan.run(place + 1, .number, most: digitsMax)
        }
        let signsEnd = otherEnd(scan, place, classes, width, first)
        if signsEnd > place { return signsEnd }
        return scan.spaceEnd(place, newlinesEndWords: newlinesEndWords)
    }

    @inline(__always)
    private func lettersEnd(
        _ scan: WordScan, _ place: Int, _ classes: UInt32, _ width: Int, _ first: UInt8
    ) -> Int {
        if letters == .cased { return casedEnd(scan, place, classes, width, first) }
        let wanted: CharacterClasses = letters == .plain ? .letter : [.letter, .mark]
        if classes & CharacterClasses.letter.rawValue != 0 { return scan.run(place, wanted) }
        let leads = lead == .blank ? first == 0x20 : isLead(classes, first)
        if leads, place + width < scan.limit, scan.has(place + width, wanted) {
            return scan.run(place + width, wanted)
        }
        return classes & wanted.rawValue != 0 ? scan.run(place, wanted) : place
    }

    /// Neither a line end nor a letter nor a digit.
    @inline(__always)
    private func isLead(_ classes: UInt32, _ first: UInt8) -> Bool {
        let excluded: CharacterClasses = [.letter, .number]
        return first != 0x0d && first != 0x0a && classes & excluded.rawValue == 0
    }

    private func casedEnd(
        _ scan: WordScan, _ place: Int, _ classes: UInt32, _ width: Int, _ first: UInt8
    ) -> Int {
        let afterLead = isLead(classes, first) ? place + width : place
        // Small letters at the end first, with the lead and without; then capitals alone.
        for onlyCapitals in [false, true] {
            for start in afterLead > place ? [afterLead, place] : [place] {
                let end =
                    onlyCapitals
                    ? scan.capitalsEnd(start) : scan.capitalsAndSmallsEnd(start)
                guard end > start else { continue }
                guard contractions == .trailing, end < scan.limit,
                    scan.text[end] == UInt8(ascii: "'")
                else { return end }
                return scan.contraction(end, isFolded: true)
            }
        }
        return place
    }

    /// ` ?[^\s\p{L}\p{N}]+`, and what may follow it.
    @inline(__always)
    private func otherEnd(
        _ scan: WordScan, _ place: Int, _ classes: UInt32, _ width: Int, _ first: UInt8
    ) -> Int {
        let excluded: CharacterClasses =
            letters == .marked
            ? [.space, .letter, .number, .mark] : [.space, .letter, .number]
        var end = place
        if classes & excluded.rawValue == 0 {
            end = place + width
        } else if first == 0x20, place + 1 < scan.limit, !scan.has(place + 1, excluded) {
            end = place + 1
        } else {
            return place
        }
        while end < scan.limit, !scan.has(end, excluded) { end += Text.width(scan.text[end]) }
        guard signsTakeNewlines else { return end }
        while end < scan.limit, scan.isNewline(end) || signsTakeSlashes && scan.text[end] == 0x2f {
            end += 1
        }
        return end
    }
}

/// Steps through one text.
struct WordScan {
    let text: Bytes
    let limit: Int
    let table: CharacterTable

    @inline(__always)
    func has(_ place: Int, _ wanted: CharacterClasses) -> Bool {
        table.has(Text.scalar(text, place).code, wanted)
    }

    @inline(__always)
    func isNewline(_ place: Int) -> Bool { text[place] == 0x0a || text[place] == 0x0d }

    /// Where characters of `wanted` end.
    @inline(__always)
    func run(_ start: Int, _ wanted: CharacterClasses, most: Int = .max) -> Int {
        var place = start
        var count = 0
        while place < limit, count < most {
            let (code, width) = Text.scalar(text, place)
            guard table.has(code, wanted) else { break }
            place += width
            count += 1
        }
        return place
    }

    /// Where the contraction ends whose apostrophe is at `start`; `start` if there is none.
    ///
    /// - isFolded: capitals count, too, and so does the long s, which folds to s.
    func contraction(_ start: Int, isFolded: Bool) -> Int {
        guard start + 1 < limit else { return start }
        func letter(_ place: Int) -> UInt8 {
            guard place < limit else { return 0 }
            return isFolded && text[place] &- 0x41 < 26 ? text[place] | 0x20 : text[place]
        }
        switch (letter(start + 1), letter(start + 2)) {
        case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _),
            (UInt8(ascii: "d"), _):
            return start + 2
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return start + 3
        case (0xc5, 0xbf) where isFolded: return start + 3
        default: return start
        }
    }

    /// `\s*[\r\n]+|\s+(?!\S)|\s+`, the first only if asked for.
    func spaceEnd(_ start: Int, newlinesEndWords: Bool) -> Int {
        var place = start
        var last = start
        var afterNewline = start
        while place < limit, has(place, .space) {
            last = place
            place += Text.width(text[place])
            if isNewline(last) { afterNewline = place }
        }
        if newlinesEndWords, afterNewline > start { return afterNewline }
        // The last blank goes with the word behind it, unless it is the only one.
        if place == limit || last == start { return max(place, start + Text.width(text[start])) }
        return last
    }

    /// `[capitals]*[smalls]+`, with what backtracking finds; `start` if there is no match.
    func capitalsAndSmallsEnd(_ start: Int) -> Int {
        var place = start
        var afterBoth = start
        while place < limit {
            let (code, width) = Text.scalar(text, place)
            let classes = CharacterClasses(rawValue: table.classes(code))
            guard classes.contains(.capitals) else {
                // Small letters follow the capitals.
                return classes.contains(.smalls) ? run(place, .smalls) : afterBoth
            }
            place += width
            if classes.contains(.smalls) { afterBoth = place }
        }
        return afterBoth
    }

    /// `[capitals]+[smalls]*`
    func capitalsEnd(_ start: Int) -> Int {
        let end = run(start, .capitals)
        return end > start ? run(end, .smalls) : start
    }
}
