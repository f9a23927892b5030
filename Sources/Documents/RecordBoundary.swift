// Where a record ends: at a newline, in CSV at one outside of quotes.

import Glibc

/// Finds the ends of records in bytes that come in pieces. Coordinator and workers must agree on
/// every boundary, so this is the only place that knows them.
struct RecordBoundary {
    private enum State { case fieldStart, plain, quoted, quoteInQuotes }

    private let hasQuotes: Bool
    private let separator: UInt8
    private var state = State.fieldStart
    /// Newlines since the start, those inside of quotes included.
    private(set) var lines = 0

    init(_ format: DocumentFormat) {
        hasQuotes = format.hasQuotes
        separator = format.separator
    }

    /// The position after the newline that ends the current record; nil if it is not in
    /// `bytes[start...]`, which is then part of the record.
    mutating func end(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        if hasQuotes { return quotedEnd(in: bytes, from: start) }
        guard start < bytes.count, let base = bytes.baseAddress,
            let found = memchr(base + start, 0x0a, bytes.count - start)
        else { return nil }
        lines += 1
        return UnsafeRawPointer(found) - base + 1
    }

    /// A quote opens a field only where the field begins; elsewhere it is text, as Python's csv
    /// module reads it.
    private mutating func quotedEnd(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var position = start
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == 0x0a { lines += 1 }
            switch state {
            case .quoted:
                if byte == UInt8(ascii: "\"") { state = .quoteInQuotes }
                continue
            case .quoteInQuotes where byte == UInt8(ascii: "\""):
                state = .quoted
                continue
            case .fieldStart where byte == UInt8(ascii: "\""):
                state = .quoted
                continue
            default: break
            }
            if byte == 0x0a {
                state = .fieldStart
                return position
            }
            state = byte == separator ? .fieldStart : .plain
        }
        return nil
    }
}

extension UnsafeRawBufferPointer {
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[range])
    }

    /// Without the newline at its end, and the carriage return before it.
    var withoutLineEnd: UnsafeRawBufferPointer {
        var end = count
        if end > 0, self[end - 1] == 0x0a { end -= 1 }
        if end > 0, self[end - 1] == 0x0d { end -= 1 }
        return part(0..<end)
    }

    var startsWithMark: Bool { starts(with: [0xef, 0xbb, 0xbf]) }
}

extension Collection<UInt8> {
    /// Nothing but white space of ASCII.
    var isBlank: Bool { allSatisfy { $0 == 0x20 || (0x09...0x0d).contains($0) } }
}
