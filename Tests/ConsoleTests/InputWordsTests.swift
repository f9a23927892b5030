// Words from a pipe.

import Glibc
import Protocol
import Testing

@testable import Console

@Suite("Words of standard input")
struct InputWordsTests {
    private func words(_ bytes: [UInt8]) throws -> [String] {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        // Less than a pipe holds.
        #expect(write(ends[1], bytes, bytes.count) == bytes.count)
        close(ends[1])
        var input = InputWords(descriptor: ends[0])
        var found: [String] = []
        while let word = try input.next() { found.append(word) }
        return found
    }

    @Test("words stand between white space of any kind, the last one before the end")
    func separated() throws {
        #expect(
            try words(Array("  a\tbb\r\n\n\u{0B}ccc\u{0C}été 日本".utf8))
                == ["a", "bb", "ccc", "été", "日本"])
        #expect(try words([]).isEmpty)
        #expect(try words(Array(" \n\0 ".utf8)).isEmpty)
        #expect(try words([0x61, 0xff, 0x20, 0xc3]) == ["a\u{FFFD}", "\u{FFFD}"])
    }

    @Test("a word of 1,024 bytes is taken, a longer one is refused")
    func long() throws {
        let word = [UInt8](repeating: 0x78, count: InputWords.wordBytesMax)
        #expect(try words(word + [0x0a]).map(\.count) == [1_024])
        #expect(throws: Fault.self) { try words(word + [0x78, 0x20]) }
    }
}
