// Compressed files: members, frames, corruption, limits.

import Compression
import Files
import Foundation
import TestSupport
import Testing

@Suite struct DecompressorTests {
    private static let text = noiseText(
        bytes: 700_000, separators: Array(" \n".utf8), letters: Array("abcdefgh".utf8), seed: 20)

    private static func compress(_ tool: [String], _ bytes: [UInt8]) throws -> [UInt8] {
        let scratch = try Scratch()
        let input = try scratch.write(bytes, to: "in")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = tool + ["-c", input]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = Array(pipe.fileHandleForReading.readDataToEndOfFile())
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return output
    }

    private static let hasZstd = (try? compress(["zstd", "-q"], [1])) != nil

    private func check(_ tool: [String], _ compression: Decompressor.Compression) throws {
        let scratch = try Scratch()
        let half = try Self.compress(tool, Self.text)
        let small = try Self.compress(tool, Array("tail".utf8))
        let empty = try Self.compress(tool, [])
        let path = try scratch.write(half + empty + small + half, to: "misleading.name")
        let output = scratch.path("out")
        #expect(try Decompressor.compression(of: path) == compression)
        let expected = Self.text + Array("tail".utf8) + Self.text
        #expect(try Decompressor.expand(path, to: output) == expected.count)
        #expect(try bytes(of: output) == expected)
        #expect(throws: FileError.tooLarge(path: path, bytesMax: 700_000)) {
            try Decompressor.expand(path, to: scratch.path("limited"), bytesMax: 700_000)
        }
        #expect(try Decompressor.expand(path, to: output, bytesMax: expected.count) > 0)
        #expect(scratch.names == ["misleading.name", "out"])
    }

    private func checkCorruption(_ tool: [String]) throws {
        let scratch = try Scratch()
        let good = try Self.compress(tool, Array("some words, some more words\n".utf8))
        for count in 4..<good.count {
            let path = try scratch.write(Array(good[..<count]), to: "cut")
            #expect {
                try Decompressor.expand(path, to: scratch.path("out"))
            } throws: { error in
                if case .malformed(path, let offset, _) = error as? FileError {
                    offset <= count
                } else {
                    false
                }
            }
        }
        for index in good.indices {
            var changed = good
            changed[index] ^= 0x55
            let path = try scratch.write(changed, to: "changed")
            // Some bytes of a header mean nothing; the content may never differ silently.
            if (try? Decompressor.expand(path, to: scratch.path("out"))) != nil {
                let text = "some words, some more words\n"
                #expect(try bytes(of: scratch.path("out")) == Array(text.utf8))
            }
        }
    }

    @Test("gzip members in a row expand as one text")
    func gzip() throws {
        try check(["gzip"], .gzip)
    }

    @Test("cut and corrupt gzip is an error with an offset")
    func corruptGzip() throws {
        try checkCorruption(["gzip", "-n"])
    }

    @Test("zeros may follow the last gzip member, other bytes may not")
    func padding() throws {
        let scratch = try Scratch()
        let good = try Self.compress(["gzip"], Array("text".utf8))
        let padded = try scratch.write(good + [UInt8](repeating: 0, count: 1000), to: "padded")
        #expect(try Decompressor.expand(padded, to: scratch.path("out")) == 4)
        for tail in [[UInt8(0x61), 0x62], [0, 0x1f, 0x8b], good + [0x31]] {
            let bad = try scratch.write(good + tail, to: "bad")
            #expect(throws: FileError.self) {
                try Decompressor.expand(bad, to: scratch.path("out2"))
            }
        }
    }

    @Test("zstd frames in a row expand as one text", .enabled(if: hasZstd, "no zstd command"))
    func zstd() throws {
        try check(["zstd", "-q"], .zstd)
    }

    @Test(
        "cut and corrupt zstd is an error with an offset",
        .enabled(if: hasZstd, "no zstd command"))
    func corruptZstd() throws {
        try checkCorruption(["zstd", "-q", "--check"])
    }

    @Test("a zstd window above 128 MiB is refused")
    func window() throws {
        // A frame header (RFC 8878, 3.1.1.1): no single segment, window descriptor exponent 20.
        let scratch = try Scratch()
        let path = try scratch.write([0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3, 1, 0, 0], to: "x")
        #expect {
            try Decompressor.expand(path, to: scratch.path("out"))
        } throws: { "\($0)".contains("window") }
    }

    @Test("compressed data is known by its first bytes alone")
    func beginnings() {
        #expect(Decompressor.compression(beginning: [0x1f, 0x8b]) == .gzip)
        #expect(Decompressor.compression(beginning: [0x28, 0xb5, 0x2f, 0xfd, 0]) == .zstd)
        #expect(Decompressor.compression(beginning: [0x5a, 0x2a, 0x4d, 0x18]) == .zstd)
        for bytes: [UInt8] in [[], [0x1f], [0x28, 0xb5, 0x2f], Array("the hog".utf8)] {
            #expect(Decompressor.compression(beginning: bytes) == nil)
        }
    }

    @Test("plain text is told from compressed text")
    func plain() throws {
        let scratch = try Scratch()
        for text in ["", "a", "plain text"] {
            let path = try scratch.write(text, to: "x.gz")
            #expect(try Decompressor.compression(of: path) == nil)
            #expect(throws: FileError.self) {
                try Decompressor.expand(path, to: scratch.path("out"))
            }
        }
    }
}
