// Queries from standard input, a line each, as a conversation has them.

import Protocol

/// Takes a line as soon as it has come, and sees Ctrl-C while it waits for one: `readLine` does not
/// return for a signal.
struct TypedQueries {
    private var pending: [UInt8] = []
    private var isAtEnd = false
    private static let readBytes = 64 << 10

    /// The next line without its end; nil when there are no more.
    mutating func next() throws(Fault) -> String? {
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                defer { pending.removeSubrange(...end) }
                return String(decoding: pending[..<end], as: UTF8.self)
            }
            if isAtEnd {
                defer { pending = [] }
                return pending.isEmpty ? nil : String(decoding: pending, as: UTF8.self)
            }
            try read()
        }
    }

    private mutating func read() throws(Fault) {
        let chunk = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.readBytes, alignment: 16)
        defer { chunk.deallocate() }
        let count = try StandardInput.read(into: chunk, interruption: "interrupted")
        pending += chunk[..<count]
        isAtEnd = count == 0
    }
}
