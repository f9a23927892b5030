// Unicode's four normalization forms.

import CUTF8Proc

/// NFC, NFD, NFKC and NFKD (Unicode Standard Annex 15), with the library's idea of which
/// characters exist.
struct NormalForm {
    let isComposed: Bool
    let isCompatible: Bool

    func apply(
        _ input: Bytes, _ output: inout Growing<UInt8>, _ scalars: inout Growing<UInt32>,
        _ sorted: inout Growing<UInt32>
    ) {
        var place = 0
        output.reserve(input.count)
        while place < input.count {
            let end = Text.endOfASCII(input, place, input.count)
            output.append(input.slice(place, end))
            place = end
            while place < input.count, input[place] >= 0x80 { place += 1 }
            guard place > end else { break }
            let stretch = input.slice(end, place)
            if isStable(stretch) {
                output.append(stretch)
                continue
            }
            // An accent may belong to the letter before.
            let takesLast = isComposed && end > 0 && input[end - 1] < 0x80
            if takesLast { output.count -= 1 }
            decompose(takesLast ? input.slice(end - 1, place) : stretch, &scalars)
            Self.order(&scalars, &sorted)
            if isComposed { Self.compose(&scalars) }
            for index in 0..<scalars.count { Text.append(scalars[index], to: &output) }
        }
    }

    /// Whether nothing can happen to this stretch, whatever comes before; may be false in vain.
    private func isStable(_ stretch: Bytes) -> Bool {
        let table = CharacterTable.shared
        var moving: CharacterClasses = isCompatible ? [.combining, .compatible] : .combining
        if !isComposed { moving.insert(.canonical) }
        var place = 0
        while place < stretch.count {
            let (code, width) = Text.scalar(stretch, place)
            if table.has(code, moving) { return false }
            if isComposed, !Self.neverComposes(code) { return false }
            place += width
        }
        return true
    }

    /// Whether a character of common scripts stays as it is in a composed form and is never the
    /// second half of a composition.
    private static func neverComposes(_ code: UInt32) -> Bool {
        switch code {
        case 0x0...0x2ff, 0x388...0x3ce, 0x400...0x482, 0x5d0...0x5ea, 0x621...0x64a,
            0x2010...0x2027, 0x3041...0x3096, 0x30a1...0x30fa, 0x3400...0x4dbf, 0x4e00...0x9fff,
            0xac00...0xd7a3:
            true
        default: false
        }
    }

    private func decompose(_ stretch: Bytes, _ scalars: inout Growing<UInt32>) {
        let table = CharacterTable.shared
        let changing: CharacterClasses = isCompatible ? [.canonical, .compatible] : .canonical
        scalars.count = 0
        var place = 0
        while place < stretch.count {
            let (code, width) = Text.scalar(stretch, place)
            if table.has(code, changing) {
                Self.decompose(code, compatibly: isCompatible, &scalars)
            } else {
                scalars.append(code)
            }
            place += width
        }
    }

    /// Appends the full decomposition of a character.
    static func decompose(
        _ code: UInt32, compatibly: Bool, _ scalars: inout Growing<UInt32>
    ) {
        // U+FDFA has the longest: 18 characters.
        let most = 32
        scalars.reserve(most)
        let options = UTF8PROC_DECOMPOSE.rawValue | (compatibly ? UTF8PROC_COMPAT.rawValue : 0)
        let target = scalars.start + scalars.count
        let written = target.withMemoryRebound(to: Int32.self, capacity: most) { target in
            utf8proc_decompose_char(
                Int32(bitPattern: code), target, most, utf8proc_option_t(rawValue: options), nil)
        }
        if written > 0, written <= most {
            scalars.count += written
        } else {
            scalars.append(code)
        }
    }

    // MARK: Canonical order

    @inline(__always)
    private static func combiningClass(_ code: UInt32) -> UInt32 {
        CharacterTable.shared.has(code, .combining)
            ? utf8proc_combining_class(Int32(bitPattern: code)) : 0
    }

    /// Sorts marks that follow each other by combining class; equal ones keep their order.
    static func order(_ scalars: inout Growing<UInt32>, _ sorted: inout Growing<UInt32>) {
        var index = 0
        while index < scalars.count {
            guard combiningClass(scalars[index]) != 0 else {
                index += 1
                continue
            }
            let start = index
            while index < scalars.count, combiningClass(scalars[index]) != 0 { index += 1 }
            if index - start > 1 { order(&scalars, &sorted, start, index) }
        }
    }

    private static func order(
        _ scalars: inout Growing<UInt32>, _ sorted: inout Growing<UInt32>, _ start: Int, _ end: Int
    ) {
        // Counted and dealt out: no text of marks alone takes quadratic time.
        var places = [Int](repeating: 0, count: 257)
        for index in start..<end { places[Int(combiningClass(scalars[index])) + 1] += 1 }
        for value in 1...256 { places[value] += places[value - 1] }
        sorted.count = 0
        sorted.reserve(end - start)
        for index in start..<end {
            let value = Int(combiningClass(scalars[index]))
            sorted[places[value]] = scalars[index]
            places[value] += 1
        }
        (scalars.start + start).update(from: sorted.start, count: end - start)
    }

    // MARK: Composition

    /// Composes between characters that the library takes for starters and utf8proc for marks.
    private static func compose(_ scalars: inout Growing<UInt32>) {
        var (read, written) = (0, 0)
        while read < scalars.count {
            var end = read
            while end < scalars.count, !isForeignStarter(scalars[end]) { end += 1 }
            let start = scalars.start + read
            guard end > read else {
                scalars[written] = scalars[read]
                written += 1
                read += 1
                continue
            }
            let composed = start.withMemoryRebound(to: Int32.self, capacity: end - read) { start in
                utf8proc_normalize_utf32(
                    start, end - read,
                    utf8proc_option_t(
                        rawValue: UTF8PROC_STABLE.rawValue | UTF8PROC_COMPOSE.rawValue))
            }
            (scalars.start + written).update(from: start, count: max(0, composed))
            written += max(0, composed)
            read = end
        }
        scalars.count = written
    }

    private static func isForeignStarter(_ code: UInt32) -> Bool {
        utf8proc_combining_class(Int32(bitPattern: code)) != 0
            && !CharacterTable.shared.has(code, .combining)
    }
}
