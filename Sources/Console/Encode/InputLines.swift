// Standard input as whole lines, as many at a time as have come.

import Compression
import Documents
import Glibc
import Protocol

struct InputLines {
    /// Lines left out because they are too long.
    private(set) var skipped = 0
    private let skipsLong: Bool
    private var pending: [UInt8] = []
    private var line = 1
    private var isAtEnd = false
    private var isFirst = true
    /// Whether the rest of a line that is too long is still to come.
    private var isInLongLine = false

    /// - Parameter skipsLong: whether a line that is too long is left out instead of refused.
    init(skipsLong: Bool) { self.skipsLong = skipsLong }

    /// Nil at the end. `line` is that of the first byte, from 1.
    mutating func next(readBytes: Int) throws(Fault) -> (bytes: [UInt8], line: Int)? {
        while !isAtEnd {
            var begun = pending.count
            try read(readBytes)
            if isFirst { try refuseCompressed() }
            if isInLongLine {
                leaveLongLine()
                begun = 0
            }
            let fresh = pending[begun...].lastIndex(of: 0x0a)
            if let end = fresh.map({ $0 + 1 }) ?? (isAtEnd ? pending.count : nil), end > 0 {
                return take(isAtEnd ? pending.count : end)
            }
            if pending.count > DocumentReader.recordBytesMax { try enterLongLine() }
        }
        return nil
    }

    private mutating func take(_ count: Int) -> (bytes: [UInt8], line: Int) {
        var piece = Array(pending[..<count])
        pending.removeSubrange(..<count)
        let start = line
        line += piece.count { $0 == 0x0a }
        if isFirst, piece.starts(with: [0xef, 0xbb, 0xbf]) { piece.removeSubrange(..<3) }
        isFirst = false
        return (piece, start)
    }

    private mutating func enterLongLine() throws(Fault) {
        guard skipsLong else {
            throw Fault(
                .data,
                "standard input:\(line): a line is longer than \(DocumentReader.recordBytesMax) "
                    + "bytes, which is the limit; split it, or pass --on-error skip")
        }
        skipped += 1
        isInLongLine = true
        isFirst = false
        pending.removeAll(keepingCapacity: true)
    }

    private mutating func leaveLongLine() {
        guard let end = pending.firstIndex(of: 0x0a) else {
            return pending.removeAll(keepingCapacity: true)
        }
        pending.removeSubrange(...end)
        line += 1
        isInLongLine = false
    }

    private func refuseCompressed() throws(Fault) {
        guard let compression = Decompressor.compression(beginning: pending) else { return }
        let tool = compression == .gzip ? "zcat" : "zstdcat"
        throw Fault(
            .data,
            "standard input is compressed with \(compression.rawValue); pipe it through \(tool), "
                + "or pass --input - and --output DIR, which expand it")
    }

    private mutating func read(_ count: Int) throws(Fault) {
        var got = 0
        let before = pending.count
        pending.append(contentsOf: repeatElement(0, count: count))
        repeat {
            got = pending.withUnsafeMutableBytes { bytes in
                Glibc.read(STDIN_FILENO, bytes.baseAddress.map { $0 + before }, count)
            }
        } while got < 0 && errno == EINTR
        pending.removeSubrange((before + max(got, 0))...)
        guard got >= 0 else {
            throw Fault(
                .input, "standard input cannot be read: \(String(cString: strerror(errno)))")
        }
        isAtEnd = got == 0
    }
}
