// Text that nobody should write: its results are documented in docs/formats.md.

import Foundation
@testable import Processes
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct StrangeTextTests {
        private static let clean = Corpora.generated(bytes: 200_000)

        private func train(_ text: Data, _ more: String...) async throws -> (Ending, [String]) {
            let site = try Site()
            let path = try site.write(text, to: "text.txt")
            let arguments = Site.training([path], site.path("v.npy")) + ["--json"] + more
            let ending = try await Program("sounder", arguments, in: site).ending(within: 180)
            try await site.expectNothingLeft()
            guard ending.code == 0 else { return (ending, []) }
            let words = String(decoding: try site.bytes("v.vocab"), as: UTF8.self)
            return (ending, words.split(separator: "\n").map(String.init))
        }

        @Test("35: invalid UTF-8 is repaired, counted and reported")
        func invalidUTF8() async throws {
            var text = Self.clean
            for _ in 0..<10 { text.append(contentsOf: [0x61, 0xff, 0x62, 0x20, 0xc3, 0x0a]) }
            let (ending, words) = try await train(text)
            #expect(ending.number("replacedTokens") == 20, "\(ending)")
            #expect(words.contains("a\u{FFFD}b 10") && words.contains("\u{FFFD} 10"))
        }

        @Test("35: NUL separates words")
        func nul() async throws {
            let (ending, words) = try await train(
                Self.clean + Data((0..<10).flatMap { _ in Array("zero\0one\0".utf8) }))
            #expect(ending.code == 0, "\(ending)")
            #expect(words.contains("zero 10") && words.contains("one 10"))
        }

        @Test("35: CRLF and a byte order mark change nothing")
        func lineEndings() async throws {
            let (plain, expected) = try await train(Self.clean)
            let lines = String(decoding: Self.clean, as: UTF8.self)
            let windows = Data(lines.replacingOccurrences(of: "\n", with: "\r\n").utf8)
            let (ending, words) = try await train(Data([0xef, 0xbb, 0xbf]) + windows)
            #expect(plain.code == 0 && ending.code == 0, "\(ending)")
            #expect(words == expected)
        }

        @Test("35: words of a million bytes are dropped, counted and reported")
        func overlong() async throws {
            let word = Data(repeating: UInt8(ascii: "x"), count: 1_000_000)
            var text = Self.clean
            for _ in 0..<7 { text += word + Data(" ".utf8) }
            let (ending, words) = try await train(text)
            #expect(ending.number("overlongTokens") == 7, "\(ending)")
            #expect(words.allSatisfy { $0.utf8.count < 100 })
        }

        @Test("35: one line of 20 MB trains like any text")
        func endlessLine() async throws {
            let text = Corpora.generated(bytes: 20_000_000, separator: " ")
            let (ending, words) = try await train(text, "--epochs", "1")
            #expect(ending.code == 0, "\(ending)")
            #expect(words.count > 1_900)
        }

        @Test(
            "35: a text without words is a fault of the data",
            arguments: ["\n\n\n\n", " ", "\0\0\0", "\u{FEFF}", "\u{FEFF}\r\n"])
        func noWords(_ text: String) async throws {
            let (ending, _) = try await train(Data(text.utf8))
            #expect(ending.code == 65, "\(ending)")
            #expect(ending.errors.contains("no words"), "\(ending)")
        }

        @Test("35: a hundred thousand empty lines are no words either")
        func onlyNewlines() async throws {
            let (ending, _) = try await train(Data(repeating: 10, count: 100_000))
            #expect(ending.code == 65, "\(ending)")
        }

        @Test("35: a text without a newline at its end loses nothing")
        func noNewline() async throws {
            let (ending, words) = try await train(
                Self.clean + Data("end end end end end".utf8))
            #expect(ending.code == 0, "\(ending)")
            #expect(words.contains("end 5"))
        }

        @Test("35: a million lines of one byte are a million words")
        func oneByteLines() async throws {
            let lines: [UInt8] = (0..<1_000_000).flatMap { [UInt8(97 + $0 % 20), 10] }
            let (ending, words) = try await train(Data(lines), "--epochs", "1")
            #expect(ending.code == 0, "\(ending)")
            #expect(words.count == 20 && words.allSatisfy { $0.hasSuffix(" 50000") }, "\(words)")
        }

        @Test("35: a single word, over and over, has a vector")
        func oneWord() async throws {
            let (ending, words) = try await train(
                Data(String(repeating: "again ", count: 1_000).utf8))
            #expect(ending.code == 0, "\(ending)")
            #expect(words == ["again 1000"])
        }
    }
}
