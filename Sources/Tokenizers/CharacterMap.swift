// Sentencepiece's precompiled map of characters: a double-array trie and the texts it leads to.

import CUTF8Proc

/// The `precompiled_charsmap` of a sentencepiece model: the size of a trie in bytes, the trie as
/// 32-bit units (Darts-clone), then replacements that end with a zero.
struct CharacterMap {
    private let units: [UInt32]
    private let replacements: [UInt8]
    /// Replacement of each ASCII character on its own: its start, or -1.
    private var ascii: [Int] = []

    /// nil if `blob` is none.
    init?(_ blob: [UInt8]) {
        guard blob.count >= 4 else { return nil }
        func word(_ at: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(blob[at + $1]) << (8 * UInt32($1)) }
        }
        let size = Int(word(0))
        guard size % 4 == 0, size > 0, size <= blob.count - 4 else { return nil }
        units = (0..<size / 4).map { word(4 + 4 * $0) }
        let texts = Array(blob[(4 + size)...])
        guard String(validating: texts, as: UTF8.self) != nil else { return nil }
        replacements = texts
        ascii = (0..<128).map { (byte: UInt8) in
            [byte].withUnsafeBufferPointer { one -> Int in
                guard let start = one.baseAddress else { return -1 }
                return find(Bytes(start: start, count: 1))
            }
        }
    }

    func apply(_ input: Bytes, _ output: inout Growing<UInt8>, most: Int) {
        var place = 0
        output.reserve(input.count)
        while place < input.count {
            guard output.count < most else {
                output.append(input.slice(place, input.count))
                return
            }
            let byte = input[place]
            let next = place + 1 < input.count ? input[place + 1] : 0
            if byte < 0x80, next < 0x80, !(byte == 0x0d && next == 0x0a) {
                let replacement = ascii[Int(byte)]
                if replacement < 0 { output.append(byte) } else { append(replacement, &output) }
                place += 1
                continue
            }
            let end = Self.endOfCluster(input, place)
            append(cluster: input.slice(place, end), &output)
            place = end
        }
    }

    /// A short cluster is looked up as one, and the shortest key that it starts with is taken for
    /// all of it; otherwise each of its characters is looked up.
    private func append(cluster: Bytes, _ output: inout Growing<UInt8>) {
        if cluster.count < 6 {
            let replacement = find(cluster)
            if replacement >= 0 { return append(replacement, &output) }
        }
        var place = 0
        while place < cluster.count {
            let end = place + Text.width(cluster[place])
            let replacement = find(cluster.slice(place, end))
            if replacement >= 0 {
                append(replacement, &output)
            } else {
                output.append(cluster.slice(place, end))
            }
            place = end
        }
    }

    private func append(_ replacement: Int, _ output: inout Growing<UInt8>) {
        var place = replacement
        let end = min(replacements.count, replacement + Normalizer.contentBytesMax)
        while place < end, replacements[place] != 0 { place += 1 }
        // Cut short it must not end within a character.
        while place > replacement, place < replacements.count, replacements[place] & 0xc0 == 0x80 {
            place -= 1
        }
        for index in replacement..<place { output.append(replacements[index]) }
    }

    /// The replacement of the shortest key that `text` starts with, -1 if there is none.
    private func find(_ text: Bytes) -> Int {
        units.withUnsafeBufferPointer { units in
            var node = Self.offset(units[0])
            for index in 0..<text.count {
                let byte = text[index]
                node ^= Int(byte)
                guard byte != 0, node < units.count else { return -1 }
                let unit = units[node]
                guard unit & 0x8000_00ff == UInt32(byte) else { return -1 }
                node ^= Self.offset(unit)
                guard node < units.count else { return -1 }
                if unit >> 8 & 1 == 1 {
                    let value = Int(units[node] & 0x7fff_ffff)
                    let isStart = value < replacements.count && replacements[value] & 0xc0 != 0x80
                    return isStart ? value : -1
                }
            }
            return -1
        }
    }

    @inline(__always)
    private static func offset(_ unit: UInt32) -> Int { Int((unit >> 10) << ((unit & 0x200) >> 6)) }

    private static func endOfCluster(_ input: Bytes, _ start: Int) -> Int {
        var state: Int32 = 0
        var (code, width) = Text.scalar(input, start)
        var end = start + width
        while end < input.count {
            let following = Text.scalar(input, end)
            if utf8proc_grapheme_break_stateful(
                Int32(bitPattern: code), Int32(bitPattern: following.code), &state)
            {
                break
            }
            (code, width) = following
            end += width
        }
        return end
    }
}
