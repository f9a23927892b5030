// Post-processors: the special tokens around a text or a pair.

/// What stands where, for one text and for two.
struct PostProcessor {
    enum Piece {
        case special([Int32], type: UInt8)
        case text(isSecond: Bool, type: UInt8)
    }

    var single: [Piece] = [.text(isSecond: false, type: 0)]
    var pair: [Piece] = [
        .text(isSecond: false, type: 0), .text(isSecond: true, type: 1),
    ]

    /// As many ids as a template may add.
    static let specialMax = 64

    /// The highest id that a template adds, -1 if it adds none.
    var idMax: Int32 {
        (single + pair).reduce(-1) { highest, piece in
            if case .special(let ids, _) = piece { max(highest, ids.max() ?? -1) } else { highest }
        }
    }

    static func typeMax(_ pieces: [Piece]) -> Int {
        pieces.reduce(0) { highest, piece in
            switch piece {
            case .special(_, let type), .text(_, let type): max(highest, Int(type))
            }
        }
    }

    var singleSpecials: Int { Self.specials(single) }
    var pairSpecials: Int { Self.specials(pair) }

    /// Ids in front of the text of `single`.
    var specialsBefore: Int {
        Self.specials(
            Array(
                single.prefix { piece in
                    if case .special = piece { true } else { false }
                }))
    }

    private static func specials(_ pieces: [Piece]) -> Int {
        pieces.reduce(0) { sum, piece in
            if case .special(let ids, _) = piece { sum + ids.count } else { sum }
        }
    }

    /// BERT's: types 0 and 1.
    static func bert(start: Int32, separator: Int32) -> PostProcessor {
        PostProcessor(
            single: [
                .special([start], type: 0), .text(isSecond: false, type: 0),
                .special([separator], type: 0),
            ],
            pair: [
                .special([start], type: 0), .text(isSecond: false, type: 0),
                .special([separator], type: 0), .text(isSecond: true, type: 1),
                .special([separator], type: 1),
            ])
    }

    /// RoBERTa's: two separators in the middle, and one type.
    static func roberta(start: Int32, separator: Int32) -> PostProcessor {
        PostProcessor(
            single: bert(start: start, separator: separator).single,
            pair: [
                .special([start], type: 0), .text(isSecond: false, type: 0),
                .special([separator, separator], type: 0), .text(isSecond: true, type: 0),
                .special([separator], type: 0),
            ])
    }

    /// Puts a token in front of a text and one behind it where `single` lacks them, and then around
    /// each text of a pair, too: as transformers before its version 5 obeyed `add_bos_token` and
    /// `add_eos_token`.
    mutating func surround(with first: Int32?, _ last: Int32?) {
        let text = single.firstIndex { if case .text = $0 { true } else { false } } ?? 0
        let newFirst = first.flatMap { Self.adds($0, single[..<text]) ? nil : $0 }
        let newLast = last.flatMap { Self.adds($0, single[text...]) ? nil : $0 }
        guard newFirst != nil || newLast != nil else { return }
        func special(_ id: Int32?, type: UInt8) -> [Piece] {
            id.map { [.special([$0], type: type)] } ?? []
        }
        single = special(newFirst, type: 0) + single + special(newLast, type: 0)
        pair =
            single + special(first, type: 1) + [.text(isSecond: true, type: 1)]
            + special(last, type: 1)
    }

    private static func adds(_ id: Int32, _ pieces: ArraySlice<Piece>) -> Bool {
        pieces.contains { piece in
            if case .special(let ids, _) = piece { ids.contains(id) } else { false }
        }
    }

    /// What is left of two texts that together may have `most` ids: the longer one is cut first.
    static func longestFirst(_ first: Int, _ second: Int, most: Int) -> (first: Int, second: Int) {
        guard first + second > most else { return (first, second) }
        let shorter = min(first, second)
        var (low, high) = (shorter, max(shorter, most - shorter))
        if low > most { high = low }
        if low + high > most { (low, high) = (most / 2, most / 2 + most % 2) }
        return first > second ? (high, low) : (low, high)
    }
}
