// Places in a text where it may be cut: in a list, or found where they are needed.

/// UTF-8, or what claims to be: every question about it has an answer.
struct PassageText {
    let bytes: UnsafeRawBufferPointer

    var count: Int { bytes.count }

    /// Text between two places.
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[range])
    }

    /// The scalar at a place, and its bytes; U+FFFD for a byte of none.
    func scalar(_ place: Int) -> (code: UInt32, width: Int) {
        let first = bytes[place]
        if first < 0x80 { return (UInt32(first), 1) }
        let width = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
        guard first >= 0xc2, first < 0xf5, place + width <= count else { return (0xfffd, 1) }
        var code = UInt32(first) & (0x7f >> UInt32(width))
        for byte in bytes[place + 1..<place + width] {
            guard byte & 0xc0 == 0x80 else { return (0xfffd, 1) }
            code = code << 6 | UInt32(byte & 0x3f)
        }
        let least: UInt32 = width == 2 ? 0x80 : width == 3 ? 0x800 : 0x10000
        return code >= least && Unicode.Scalar(code) != nil ? (code, width) : (0xfffd, 1)
    }

    /// The scalar that ends at a place behind the first.
    func scalarBefore(_ place: Int) -> (code: UInt32, width: Int) {
        var start = place - 1
        while start > 0, place - start < 4, bytes[start] & 0xc0 == 0x80 { start -= 1 }
        let found = scalar(start)
        return start + found.width == place ? found : (0xfffd, 1)
    }

    /// Whether no scalar is cut in two here.
    func isScalarStart(_ place: Int) -> Bool {
        guard place > 0, place < count, bytes[place] & 0xc0 == 0x80 else { return true }
        // More than three of these in a row are no scalar, and must not grow together.
        return place >= 4 && (1...3).allSatisfy { bytes[place - $0] & 0xc0 == 0x80 }
    }

    /// Whether a character as people see it ends here (Unicode Standard Annex 29), as far as the
    /// 256 bytes before tell.
    func isCharacterStart(_ place: Int) -> Bool {
        guard place > 0, place < count else { return true }
        let (before, after) = (bytes[place - 1], bytes[place])
        if before < 0x80, after < 0x80 { return !(before == 0x0d && after == 0x0a) }
        guard isScalarStart(place) else { return false }
        let width = scalar(place).width
        guard after < 0x80 || width > 1, let start = windowStart(place) else { return true }
        let window = String(decoding: part(start..<place + width), as: UTF8.self)
        return window[window.index(before: window.endIndex)...].utf8.count == width
    }

    /// Where valid text begins that tells what ends at a place; nil if that is no text.
    private func windowStart(_ place: Int) -> Int? {
        var start = place - 1
        while start > 0, place - start < 256, bytes[start] >= 0x80 || bytes[start] == 0x0d {
            start -= 1
        }
        while start < place, !isScalarStart(start) { start += 1 }
        // Flags are pairs of letters, counted from the first of a row.
        while start >= 4, place - start < 1 << 12, (0x1f1e6...0x1f1ff).contains(scalar(start).code),
            (0x1f1e6...0x1f1ff).contains(scalarBefore(start).code)
        {
            start -= 4
        }
        var next = start
        while next < place {
            let width = scalar(next).width
            if width == 1, bytes[next] >= 0x80 { start = next + 1 }
            next += width
        }
        return next == place && start < place ? start : nil
    }

    /// Whether a word begins here behind white space, or anything behind a stop of East Asia.
    func isWordStart(_ place: Int) -> Bool {
        guard place > 0, place < count else { return true }
        let before = bytes[place - 1]
        if before < 0x80, !isBlank(UInt32(before)) { return false }
        guard isScalarStart(place) else { return false }
        let last = scalarBefore(place).code
        let isCut =
            isBlank(last)
            ? !isBlank(scalar(place).code) : isStop(last) && !isStop(scalar(place).code)
        return isCut && isCharacterStart(place)
    }

    func isBlank(_ code: UInt32) -> Bool {
        switch code {
        case 0x09...0x0d, 0x20, 0x85, 0x1680, 0x2000...0x200a, 0x2028, 0x2029, 0x3000: true
        default: false
        }
    }

    private func isStop(_ code: UInt32) -> Bool {
        switch code {
        case 0x3001, 0x3002, 0xff01, 0xff0c, 0xff1a, 0xff1b, 0xff1f, 0xff61: true
        default: false
        }
    }
}

enum TextPlaces {
    /// Ascending.
    case list([Int])
    case words, characters, scalars

    /// How far an end of a character is looked for. Longer ones are cut, so that a text of marks
    /// without a letter takes no longer than others.
    private static let characterBytesMax = 512

    private func isPlace(_ place: Int, _ text: PassageText) -> Bool {
        switch self {
        case .list: false
        case .words: text.isWordStart(place)
        case .characters: text.isCharacterStart(place)
        case .scalars: text.isScalarStart(place)
        }
    }

    private func near(_ range: Range<Int>, atEnd: Bool) -> Range<Int> {
        guard case .characters = self, range.count > Self.characterBytesMax else { return range }
        return atEnd
            ? range.upperBound - Self.characterBytesMax..<range.upperBound
            : range.lowerBound..<range.lowerBound + Self.characterBytesMax
    }

    func last(in range: Range<Int>, _ text: PassageText) -> Int? {
        guard case .list(let places) = self else {
            return near(range, atEnd: true).last { isPlace($0, text) }
        }
        let behind = places.firstPlace { $0 >= range.upperBound }
        guard behind > 0, places[behind - 1] >= range.lowerBound else { return nil }
        return places[behind - 1]
    }

    func first(in range: Range<Int>, _ text: PassageText) -> Int? {
        guard case .list(let places) = self else {
            return near(range, atEnd: false).first { isPlace($0, text) }
        }
        let index = places.firstPlace { $0 >= range.lowerBound }
        return index < places.count && places[index] < range.upperBound ? places[index] : nil
    }
}

extension [Int] {
    /// Where in ascending numbers those begin that `isBehind` is true of.
    func firstPlace(where isBehind: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
