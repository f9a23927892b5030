// UTF-8: reading and writing scalars, and repair of what is not UTF-8.

enum Text {
    /// The scalar at `place` of valid UTF-8, and how many bytes it takes.
    @inline(__always)
    static func scalar(_ bytes: Bytes, _ place: Int) -> (code: UInt32, width: Int) {
        let first = UInt32(bytes[place])
        if first < 0x80 { return (first, 1) }
        let second = UInt32(bytes[place + 1]) & 0x3f
        if first < 0xe0 { return ((first & 0x1f) << 6 | second, 2) }
        let third = UInt32(bytes[place + 2]) & 0x3f
        if first < 0xf0 { return ((first & 0xf) << 12 | second << 6 | third, 3) }
        let fourth = UInt32(bytes[place + 3]) & 0x3f
        return ((first & 7) << 18 | second << 12 | third << 6 | fourth, 4)
    }

    /// The scalar that ends before `place`.
    @inline(__always)
    static func scalarBefore(_ bytes: Bytes, _ place: Int) -> (code: UInt32, width: Int) {
        var start = place - 1
        while start > 0, bytes[start] & 0xc0 == 0x80 { start -= 1 }
        return scalar(bytes, start)
    }

    /// Bytes of the scalar that starts with `first`.
    @inline(__always)
    static func width(_ first: UInt8) -> Int {
        first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
    }

    @inline(__always)
    static func append(_ code: UInt32, to output: inout Growing<UInt8>) {
        output.reserve(4)
        let end = output.start + output.count
        if code < 0x80 {
            end[0] = UInt8(truncatingIfNeeded: code)
            output.count += 1
        } else if code < 0x800 {
            end[0] = UInt8(truncatingIfNeeded: 0xc0 | code >> 6)
            end[1] = UInt8(truncatingIfNeeded: 0x80 | code & 0x3f)
            output.count += 2
        } else if code < 0x10000 {
            end[0] = UInt8(truncatingIfNeeded: 0xe0 | code >> 12)
            end[1] = UInt8(truncatingIfNeeded: 0x80 | code >> 6 & 0x3f)
            end[2] = UInt8(truncatingIfNeeded: 0x80 | code & 0x3f)
            output.count += 3
        } else {
            end[0] = UInt8(truncatingIfNeeded: 0xf0 | code >> 18)
            end[1] = UInt8(truncatingIfNeeded: 0x80 | code >> 12 & 0x3f)
            end[2] = UInt8(truncatingIfNeeded: 0x80 | code >> 6 & 0x3f)
            end[3] = UInt8(truncatingIfNeeded: 0x80 | code & 0x3f)
            output.count += 4
        }
    }

    /// Where ASCII ends, at or behind `place`.
    @inline(__always)
    static func endOfASCII(_ bytes: Bytes, _ place: Int, _ end: Int) -> Int {
        var place = place
        let raw = UnsafeRawPointer(bytes.start)
        while place + 8 <= end {
            let word =
                raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                & 0x8080_8080_8080_8080
            if word != 0 { return place + word.trailingZeroBitCount / 8 }
            place += 8
        }
        while place < end, bytes[place] < 0x80 { place += 1 }
        return place
    }

    /// How many bytes from `place` on are one scalar (positive), or belong to none (negative:
    /// the longest start of a scalar, at least one byte, that one U+FFFD stands for; Unicode 15,
    /// section 3.9, table 3-7).
    private static func measure(_ bytes: Bytes, _ place: Int) -> Int {
        let first = bytes[place]
        if first < 0x80 { return 1 }
        var low: UInt8 = 0x80
        var high: UInt8 = 0xbf
        let width: Int
        switch first {
        case 0xc2...0xdf: width = 2
        case 0xe0...0xef:
            width = 3
            if first == 0xe0 { low = 0xa0 }
            if first == 0xed { high = 0x9f }
        case 0xf0...0xf4:
            width = 4
            if first == 0xf0 { low = 0x90 }
            if first == 0xf4 { high = 0x8f }
        default: return -1
        }
        for step in 1..<width {
            guard place + step < bytes.count else { return -step }
            let byte = bytes[place + step]
            guard byte >= low, byte <= high else { return -step }
            (low, high) = (0x80, 0xbf)
        }
        return width
    }

    /// Where valid UTF-8 ends.
    static func endOfValid(_ bytes: Bytes, from: Int = 0) -> Int {
        var place = from
        while true {
            place = endOfASCII(bytes, place, bytes.count)
            guard place < bytes.count else { return place }
            let width = measure(bytes, place)
            guard width > 0 else { return place }
            place += width
        }
    }

    /// `bytes` with U+FFFD for what is not UTF-8, as Python's `errors="replace"`; the same bytes
    /// if nothing was wrong.
    static func repaired(_ bytes: Bytes, _ output: inout Growing<UInt8>) -> Bytes {
        var place = endOfValid(bytes)
        guard place < bytes.count else { return bytes }
        output.count = 0
        output.append(bytes.start, place)
        while place < bytes.count {
            let end = endOfValid(bytes, from: place)
            output.append(bytes.start + place, end - place)
            guard end < bytes.count else { break }
            append(0xfffd, to: &output)
            place = end - measure(bytes, end)
        }
        return output.bytes
    }
}
