// The fields of one record of a .tsv or .csv file, one after the other.

import Glibc

/// A field as it stands in the file.
struct DelimitedField {
    let bytes: UnsafeRawBufferPointer
    /// Whether it was quoted, so that a quote in it stands twice.
    let isQuoted: Bool

    func append(to arena: inout [UInt8], repairs: inout Int) {
        guard isQuoted else { return arena.appendRepaired(bytes, repairs: &repairs) }
        var rest = bytes
        while let base = rest.baseAddress,
            let found = memchr(base, Int32(UInt8(ascii: "\"")), rest.count)
        {
            // The first of two quotes is kept, the second passed over.
            let end = UnsafeRawPointer(found) - base + 1
            arena.appendRepaired(rest.part(0..<end), repairs: &repairs)
            rest = rest.part(min(end + 1, rest.count)..<rest.count)
        }
        arena.appendRepaired(rest, repairs: &repairs)
    }
}

struct DelimitedRecord {
    private let bytes: UnsafeRawBufferPointer
    private let separator: UInt8
    private let hasQuotes: Bool
    /// Nil once the last field was taken.
    private var position: Int? = 0

    init(_ bytes: UnsafeRawBufferPointer, _ format: DocumentFormat) {
        self.bytes = bytes
        separator = format.separator
        hasQuotes = format.hasQuotes
    }

    /// Nil after the last.
    mutating func next() throws(Malformed) -> DelimitedField? {
        guard let start = position else { return nil }
        if hasQuotes, start < bytes.count, bytes[start] == UInt8(ascii: "\"") {
            return try quoted(from: start + 1)
        }
        let end = first(separator, from: start) ?? bytes.count
        position = end < bytes.count ? end + 1 : nil
        return DelimitedField(bytes: bytes.part(start..<end), isQuoted: false)
    }

    private mutating func quoted(from start: Int) throws(Malformed) -> DelimitedField {
        var from = start
        while let quote = first(UInt8(ascii: "\""), from: from) {
            let after = quote + 1
            if after < bytes.count, bytes[after] == UInt8(ascii: "\"") {
                from = after + 1
                continue
            }
            guard after == bytes.count || bytes[after] == separator else {
                throw Malformed("text follows the quote that closes a field")
            }
            position = after < bytes.count ? after + 1 : nil
            return DelimitedField(bytes: bytes.part(start..<quote), isQuoted: true)
        }
        throw Malformed("a quoted field does not end")
    }

    private func first(_ byte: UInt8, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress,
            let found = memchr(base + start, Int32(byte), bytes.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }
}
