// Normalizers: what is done to a text before it is cut into words.

/// One step; a `Sequence` is a list of them.
enum Normalizer {
    case bert(BertNormalizer)
    case strip(left: Bool, right: Bool)
    case stripAccents
    case form(NormalForm)
    case lowercase
    case nmt
    case precompiled(CharacterMap)
    case replace(TextPattern, with: [UInt8])
    case prepend([UInt8])
    case byteLevel

    /// A file may have as many steps.
    static let stepsMax = 32
    /// No replacement is longer.
    static let contentBytesMax = 1024

    /// What `input` becomes: in `output`, or (a part of) `input` itself.
    ///
    /// - most: at how many bytes replacing ends.
    func apply(
        _ input: Bytes, _ output: inout Growing<UInt8>, _ scalars: inout Growing<UInt32>,
        _ sorted: inout Growing<UInt32>, most: Int
    ) -> Bytes {
        output.count = 0
        switch self {
        case .bert(let bert):
            bert.apply(input, &output, &scalars, &sorted)
        case .strip(let left, let right):
            return Self.stripped(input, left: left, right: right)
        case .stripAccents:
            let table = CharacterTable.shared
            Self.filter(input, &output) { code in
                table.has(code, .accent) ? nil : code
            }
        case .form(let form):
            form.apply(input, &output, &scalars, &sorted)
        case .lowercase:
            Self.lowercase(input, &output)
        case .nmt:
            Self.filter(input, &output, Self.nmt)
        case .precompiled(let map):
            map.apply(input, &output, most: most)
        case .replace(let pattern, let content):
            Self.replace(input, pattern, content, &output, most: most)
        case .prepend(let content):
            guard input.count > 0 else { return input }
            content.withUnsafeBufferPointer { content in
                for byte in content { output.append(byte) }
            }
            output.append(input)
        case .byteLevel:
            ByteAlphabet.append(input, to: &output)
        }
        return output.bytes
    }

    private static func stripped(_ input: Bytes, left: Bool, right: Bool) -> Bytes {
        let table = CharacterTable.shared
        var (start, end) = (0, input.count)
        while left, start < end {
            let (code, width) = Text.scalar(input, start)
            guard table.has(code, .space) else { break }
            start += width
        }
        while right, end > start {
            let (code, width) = Text.scalarBefore(input, end)
            guard table.has(code, .space) else { break }
            end -= width
        }
        return input.slice(start, end)
    }

    /// Every character replaced by what `map` says, nil for nothing.
    @inline(__always)
    private static func filter(
        _ input: Bytes, _ output: inout Growing<UInt8>, _ map: (UInt32) -> UInt32?
    ) {
        var place = 0
        output.reserve(input.count)
        while place < input.count {
            let (code, width) = Text.scalar(input, place)
            if let mapped = map(code) {
                Text.append(mapped, to: &output)
            }
            place += width
        }
    }

    /// Sentencepiece's rules for machine translation.
    private static func nmt(_ code: UInt32) -> UInt32? {
        switch code {
        case 0x1...0x8, 0xb, 0xe...0x1f, 0x7f, 0x8f, 0x9f: nil
        case 0x9, 0xa, 0xc, 0xd, 0x1680, 0x200b...0x200f, 0x2028, 0x2029, 0x2581, 0xfeff, 0xfffd:
            0x20
        default: code
        }
    }

    private static func lowercase(_ input: Bytes, _ output: inout Growing<UInt8>) {
        let table = CharacterTable.shared
        var place = 0
        output.reserve(input.count)
        while place < input.count {
            let byte = input[place]
            if byte < 0x80 {
                output.append(byte &- 0x41 < 26 ? byte | 0x20 : byte)
                place += 1
                continue
            }
            let (code, width) = Text.scalar(input, place)
            if table.has(code, .cased) {
                CharacterCase.append(code, to: &output)
            } else {
                output.append(input.start + place, width)
            }
            place += width
        }
    }

    private static func replace(
        _ input: Bytes, _ pattern: TextPattern, _ content: [UInt8], _ output: inout Growing<UInt8>,
        most: Int
    ) {
        var place = 0
        while let match = pattern.next(input, place), output.count < most {
            output.append(input.slice(place, match.start))
            content.withUnsafeBufferPointer { content in
                for byte in content { output.append(byte) }
            }
            place = match.end
        }
        output.append(input.slice(place, input.count))
    }

    /// How far normalizers may lengthen a text: far more than those of any real file do. What
    /// exceeds it is left as it is, so that no file makes a short text fill the memory.
    static func bytesMax(_ text: Bytes) -> Int { 64 * text.count + 4096 }
}

extension CharacterCase {
    /// Appends the small letter of a capital.
    static func append(_ code: UInt32, to output: inout Growing<UInt8>) {
        Text.append(lowered(code), to: &output)
        if code == 0x130 { Text.append(0x307, to: &output) }
    }
}
