// Passages and frequencies in blocks of 128, as they lie in an inverted file.

/// One passage that has a term, and how often.
struct Posting: Sendable, Equatable {
    var passage: UInt32
    var frequency: UInt32
}

/// What is known of a block without reading it: 16 bytes. Those of a term lie side by side, their
/// blocks follow in the same order. A block is `count` distances from its first passage and then
/// `count` frequencies, both in as few whole bytes (1, 2 or 4) as its greatest needs: no value
/// depends on another, so that a block is unpacked as vectors.
struct BlockHeader: Sendable, Equatable {
    static let byteCount = 16
    static let postingsMax = 128

    let first: UInt32
    let last: UInt32
    /// The length of the shortest passage, for an upper bound of the scores.
    let minLength: UInt32
    /// The highest frequency; 65535 stands for that and more.
    let maxFrequency: UInt16
    /// Bytes of a distance in the low half, of a frequency in the high half.
    let widths: UInt8
    let countLessOne: UInt8

    static func blocks(of postings: Int) -> Int { (postings + postingsMax - 1) / postingsMax }

    var count: Int { Int(countLessOne & 0x7F) + 1 }
    var distanceWidth: Int { Self.width(widths & 15) }
    var frequencyWidth: Int { Self.width(widths >> 4) }
    /// Of the block that this is the header of.
    var dataBytes: Int { count * (distanceWidth + frequencyWidth) }

    /// Any number that was read means 1, 2 or 4.
    private static func width(_ code: UInt8) -> Int { code <= 1 ? 1 : code == 2 ? 2 : 4 }

    /// - Parameter postings: 1 to 128, passages ascending.
    init(_ postings: ArraySlice<Posting>, lengths: [UInt32]) {
        precondition(
            !postings.isEmpty && postings.count <= Self.postingsMax,
            "\(postings.count) postings make no block")
        first = postings[postings.startIndex].passage
        last = postings[postings.endIndex - 1].passage
        var frequency: UInt32 = 0
        var length = UInt32.max
        for posting in postings {
            frequency = max(frequency, posting.frequency)
            length = min(length, lengths[Int(posting.passage)])
        }
        minLength = length
        maxFrequency = UInt16(clamping: frequency)
        widths = Self.code(last - first) | Self.code(frequency) << 4
        countLessOne = UInt8(postings.count - 1)
    }

    private static func code(_ greatest: UInt32) -> UInt8 {
        greatest <= 0xFF ? 1 : greatest <= 0xFFFF ? 2 : 4
    }

    /// - Parameter offset: 16 bytes from there are within `bytes`.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        func load<Number: FixedWidthInteger>(_ place: Int) -> Number {
            Number(
                littleEndian: bytes.loadUnaligned(fromByteOffset: offset + place, as: Number.self))
        }
        first = load(0)
        last = load(4)
        minLength = load(8)
        maxFrequency = load(12)
        widths = load(14)
        countLessOne = load(15)
    }

    func append(to bytes: inout [UInt8]) {
        bytes.append(little: first)
        bytes.append(little: last)
        bytes.append(little: minLength)
        bytes.append(little: maxFrequency)
        bytes.append(widths)
        bytes.append(countLessOne)
    }

    func appendData(_ postings: ArraySlice<Posting>, to bytes: inout [UInt8]) {
        for posting in postings {
            bytes.append(little: posting.passage - first, bytes: distanceWidth)
        }
        for posting in postings { bytes.append(little: posting.frequency, bytes: frequencyWidth) }
    }

    /// Unpacks a block of `dataBytes` bytes into two arrays with room for 128 numbers each.
    @inline(__always)
    func unpack(
        _ data: UnsafeRawPointer, passages: UnsafeMutablePointer<UInt32>,
        frequencies: UnsafeMutablePointer<UInt32>
    ) {
        Self.spread(data, distanceWidth, count, adding: first, to: passages)
        Self.spread(
            data + count * distanceWidth, frequencyWidth, count, adding: 0, to: frequencies)
    }

    @inline(__always)
    private static func spread(
        _ data: UnsafeRawPointer, _ width: Int, _ count: Int, adding base: UInt32,
        to numbers: UnsafeMutablePointer<UInt32>
    ) {
        switch width {
        case 1:
            for place in 0..<count {
                numbers[place] = base &+ UInt32(data.load(fromByteOffset: place, as: UInt8.self))
            }
        case 2:
            for place in 0..<count {
                let number = data.loadUnaligned(fromByteOffset: 2 * place, as: UInt16.self)
                numbers[place] = base &+ UInt32(UInt16(littleEndian: number))
            }
        default:
            for place in 0..<count {
                let number = data.loadUnaligned(fromByteOffset: 4 * place, as: UInt32.self)
                numbers[place] = base &+ UInt32(littleEndian: number)
            }
        }
    }
}

extension [UInt8] {
    mutating func append<Number: FixedWidthInteger>(little number: Number) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    /// The low bytes of a number.
    mutating func append(little number: UInt32, bytes: Int) {
        for place in 0..<bytes { append(UInt8(truncatingIfNeeded: number >> UInt32(8 * place))) }
    }
}
