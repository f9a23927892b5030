// BERT's normalizer: cleaning, spaces around ideographs, accents, capitals.

/// Controls vanish, white space becomes a space, ideographs get spaces around them, accents are
/// stripped, capitals lowered, each if asked for.
struct BertNormalizer {
    /// Marks a character that vanishes.
    private static let dropped: UInt8 = 0xff

    let cleans: Bool
    let surroundsIdeographs: Bool
    let stripsAccents: Bool
    let lowers: Bool
    /// What becomes of each ASCII character.
    private let ascii: [UInt8]

    init(cleans: Bool, surroundsIdeographs: Bool, stripsAccents: Bool, lowers: Bool) {
        self.cleans = cleans
        self.surroundsIdeographs = surroundsIdeographs
        self.stripsAccents = stripsAccents
        self.lowers = lowers
        let table = CharacterTable.shared
        ascii = (0..<128).map { (code: UInt32) in
            if cleans, table.has(code, .control) { return Self.dropped }
            if cleans, table.has(code, .space) { return 0x20 }
            let byte = UInt8(code)
            return lowers && byte &- 0x41 < 26 ? byte | 0x20 : byte
        }
    }

    func apply(
        _ input: Bytes, _ output: inout Growing<UInt8>, _ scalars: inout Growing<UInt32>,
        _ sorted: inout Growing<UInt32>
    ) {
        ascii.withUnsafeBufferPointer { ascii in
            var place = 0
            while place < input.count {
                let end = Text.endOfASCII(input, place, input.count)
                output.reserve(end - place)
                let target = output.start
                var count = output.count
                while place < end {
                    let byte = ascii[Int(input[place])]
                    target[count] = byte
                    count += byte == Self.dropped ? 0 : 1
                    place += 1
                }
                output.count = count
                guard place < input.count else { break }
                // A character that vanishes does not keep accents apart.
                var stretch = place
                while stretch < input.count,
                    input[stretch] >= 0x80 || ascii[Int(input[stretch])] == Self.dropped
                {
                    stretch += 1
                }
                gather(input.slice(place, stretch), &scalars, &sorted)
                write(scalars, &output)
                place = stretch
            }
        }
    }

    /// The characters of a stretch without ASCII, decomposed if accents are to be stripped.
    private func gather(
        _ stretch: Bytes, _ scalars: inout Growing<UInt32>, _ sorted: inout Growing<UInt32>
    ) {
        let table = CharacterTable.shared
        scalars.count = 0
        var place = 0
        var needsOrder = false
        while place < stretch.count {
            let (code, width) = Text.scalar(stretch, place)
            place += width
            let classes = CharacterClasses(rawValue: table.classes(code))
            if cleans, classes.contains(.control) {
                continue
            } else if cleans, classes.contains(.space) {
                scalars.append(0x20)
            } else if surroundsIdeographs, classes.contains(.ideograph) {
                scalars.append(0x20)
                append(code, classes, &scalars)
                scalars.append(0x20)
            } else {
                append(code, classes, &scalars)
                needsOrder = needsOrder || classes.contains(.combining)
            }
        }
        if stripsAccents, needsOrder { NormalForm.order(&scalars, &sorted) }
    }

    @inline(__always)
    private func append(
        _ code: UInt32, _ classes: CharacterClasses, _ scalars: inout Growing<UInt32>
    ) {
        if stripsAccents, classes.contains(.canonical) {
            NormalForm.decompose(code, compatibly: false, &scalars)
        } else {
            scalars.append(code)
        }
    }

    private func write(_ scalars: borrowing Growing<UInt32>, _ output: inout Growing<UInt8>) {
        let table = CharacterTable.shared
        for index in 0..<scalars.count {
            let code = scalars[index]
            let classes = CharacterClasses(rawValue: table.classes(code))
            if stripsAccents, classes.contains(.nonspacing) { continue }
            if lowers, classes.contains(.cased) {
                CharacterCase.append(code, to: &output)
            } else {
                Text.append(code, to: &output)
            }
        }
    }
}
