// The classes of every character, as the steps of a pipeline ask for them.

import CUTF8Proc

/// Sets of classes of characters.
struct CharacterClasses: OptionSet {
    let rawValue: UInt32

    static let letter = CharacterClasses(rawValue: 1 << 0)
    static let number = CharacterClasses(rawValue: 1 << 1)
    static let mark = CharacterClasses(rawValue: 1 << 2)
    static let space = CharacterClasses(rawValue: 1 << 3)
    /// Capital and title case letters, and what is of either case.
    static let capitals = CharacterClasses(rawValue: 1 << 4)
    /// Small letters, and what is of either case.
    static let smalls = CharacterClasses(rawValue: 1 << 5)
    static let word = CharacterClasses(rawValue: 1 << 6)
    static let punctuation = CharacterClasses(rawValue: 1 << 7)
    static let numeric = CharacterClasses(rawValue: 1 << 8)
    /// What BERT's cleaning removes.
    static let control = CharacterClasses(rawValue: 1 << 9)
    /// What BERT's stripping of accents removes.
    static let nonspacing = CharacterClasses(rawValue: 1 << 10)
    /// What StripAccents removes.
    static let accent = CharacterClasses(rawValue: 1 << 11)
    static let ideograph = CharacterClasses(rawValue: 1 << 12)
    /// Of a combining class other than 0.
    static let combining = CharacterClasses(rawValue: 1 << 13)
    static let canonical = CharacterClasses(rawValue: 1 << 14)
    static let compatible = CharacterClasses(rawValue: 1 << 15)
    static let cased = CharacterClasses(rawValue: 1 << 16)
}

/// Made once per process; about 1 MB.
final class CharacterTable: Sendable {
    static let shared = CharacterTable()

    /// Planes 0 to 3 are looked up, the others (nearly empty) worked out.
    private static let codesMax: UInt32 = 0x40000
    /// Written in `init` alone.
    private nonisolated(unsafe) let flat: UnsafeMutablePointer<UInt32>

    private init() {
        let flat = UnsafeMutablePointer<UInt32>.allocate(capacity: Int(Self.codesMax))
        for code in 0..<Self.codesMax { flat[Int(code)] = Self.fromCategory(code) }
        for (list, bit) in Self.exceptions {
            for index in stride(from: 0, to: list.count - 1, by: 2) {
                for code in list[index]...list[index + 1] where code < Self.codesMax {
                    flat[Int(code)] ^= bit.rawValue
                }
            }
        }
        self.flat = flat
    }

    deinit { flat.deallocate() }

    @inline(__always)
    func classes(_ code: UInt32) -> UInt32 {
        code < Self.codesMax ? flat[Int(code)] : Self.workedOut(code)
    }

    @inline(__always)
    func has(_ code: UInt32, _ wanted: CharacterClasses) -> Bool {
        classes(code) & wanted.rawValue != 0
    }

    private static var exceptions: [([UInt32], CharacterClasses)] {
        [
            (CharacterRanges.letter, .letter), (CharacterRanges.number, .number),
            (CharacterRanges.mark, .mark), (CharacterRanges.space, .space),
            (CharacterRanges.capitals, .capitals), (CharacterRanges.smalls, .smalls),
            (CharacterRanges.word, .word), (CharacterRanges.punctuation, .punctuation),
            (CharacterRanges.numeric, .numeric), (CharacterRanges.control, .control),
            (CharacterRanges.nonspacing, .nonspacing), (CharacterRanges.accent, .accent),
            (CharacterRanges.unordered, .combining),
        ]
    }

    @inline(never)
    private static func workedOut(_ code: UInt32) -> UInt32 {
        var classes = fromCategory(code)
        for (list, bit) in exceptions {
            for index in stride(from: 0, to: list.count - 1, by: 2)
            where list[index] <= code && code <= list[index + 1] {
                classes ^= bit.rawValue
            }
        }
        return classes
    }

    private static func fromCategory(_ code: UInt32) -> UInt32 {
        let signed = Int32(bitPattern: code)
        var classes = CharacterClasses(
            rawValue: byCategory[Int(utf8proc_category(signed).rawValue)])
        if isIdeograph(code) { classes.insert(.ideograph) }
        if utf8proc_combining_class(signed) != 0 { classes.insert(.combining) }
        if CharacterCase.isLowered(code) { classes.insert(.cased) }
        switch utf8proc_decomposes(signed) {
        case 1: classes.insert(.canonical)
        case 2: classes.insert(.compatible)
        default: break
        }
        if !classes.isDisjoint(with: [.canonical, .compatible]), isUndecomposed(code) {
            classes.subtract([.canonical, .compatible])
        }
        return classes.rawValue
    }

    private static func isUndecomposed(_ code: UInt32) -> Bool {
        let list = CharacterRanges.undecomposed
        return stride(from: 0, to: list.count - 1, by: 2).contains {
            list[$0] <= code && code <= list[$0 + 1]
        }
    }

    /// The blocks that BERT surrounds with spaces.
    private static func isIdeograph(_ code: UInt32) -> Bool {
        switch code {
        case 0x3400...0x4dbf, 0x4e00...0x9fff, 0xf900...0xfaff, 0x20000...0x2a6df,
            0x2a700...0x2b81f, 0x2b920...0x2ceaf, 0x2f800...0x2fa1f:
            true
        default: false
        }
    }

    /// The classes of each category, in utf8proc's order from Cn to Co.
    private static let byCategory: [UInt32] = {
        let letter: CharacterClasses = [.letter, .word]
        let mark: CharacterClasses = [.mark, .capitals, .smalls, .word, .accent]
        let number: CharacterClasses = [.number, .numeric]
        let punctuation = CharacterClasses.punctuation
        let list: [CharacterClasses] = [
            [], letter.union(.capitals), letter.union(.smalls), letter.union(.capitals),
            letter.union([.capitals, .smalls]), letter.union([.capitals, .smalls]),
            mark.union(.nonspacing), mark, mark, number.union(.word), number.union(.word), number,
            punctuation.union(.word), punctuation, punctuation, punctuation, punctuation,
            punctuation, punctuation, [], [], [], [], .space, .space, .space, .control, .control,
            [], .control,
        ]
        return list.map(\.rawValue)
    }()
}

/// Small letters, as Rust's `char::to_lowercase` (Unicode 17) has them.
enum CharacterCase {
    static func isLowered(_ code: UInt32) -> Bool { code == 0x130 || lowered(code) != code }

    /// U+0130 is the only one that becomes two: this one, and U+0307.
    @inline(__always)
    static func lowered(_ code: UInt32) -> UInt32 {
        let lower = UInt32(bitPattern: utf8proc_tolower(Int32(bitPattern: code)))
        return lower == code ? added(code) : code == 0x130 ? 0x69 : lower
    }

    /// Pairs that Unicode 15 does not know.
    private static func added(_ code: UInt32) -> UInt32 {
        switch code {
        case 0x130: 0x69
        case 0x1c89, 0xa7cc, 0xa7ce, 0xa7d2, 0xa7d4, 0xa7da: code + 1
        case 0xa7cb: 0x264
        case 0xa7dc: 0x19b
        case 0x10d50...0x10d65: code + 0x20
        case 0x16ea0...0x16eb8: code + 0x1b
        default: code
        }
    }
}
