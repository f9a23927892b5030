// Standard input as words, as they come.

import Glibc
import Protocol

/// Words between white space. What is no UTF-8 in them becomes U+FFFD, as in a corpus.
struct InputWords {
    /// A longer word is refused; no file of vectors has one.
    static let wordBytesMax = 1_024

    private let descriptor: Int32
    private var chunk = [UInt8](repeating: 0, count: 1 << 16)
    private var position = 0
    private var end = 0

    init(descriptor: Int32 = STDIN_FILENO) { self.descriptor = descriptor }

    /// Nil at the end.
    ///
    /// - Throws: a `Fault` with code `input` if standard input cannot be read, `data` if a word has
    ///   more than `wordBytesMax` bytes.
    mutating func next() throws(Fault) -> String? {
        var word: [UInt8] = []
        while try isAvailable() {
            let byte = chunk[position]
            position += 1
            if byte == 0x20 || (0x09...0x0d).contains(byte) || byte == 0 {
                if !word.isEmpty { break }
            } else {
                word.append(byte)
            }
            guard word.count <= Self.wordBytesMax else {
                throw Fault(
                    .data,
                    "standard input has a word of more than \(Self.wordBytesMax) bytes, "
                        + "which is the limit; separate words by white space")
            }
        }
        return word.isEmpty ? nil : String(decoding: word, as: UTF8.self)
    }

    private mutating func isAvailable() throws(Fault) -> Bool {
        if position < end { return true }
        var got = 0
        repeat {
            got = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        } while got < 0 && errno == EINTR
        guard got >= 0 else {
            throw Fault(
                .input, "standard input cannot be read: \(String(cString: strerror(errno)))")
        }
        position = 0
        end = got
        return got > 0
    }
}
