// Texts to train on: cut from the bundled corpus, or made from a seed.

import Compression
import Foundation

enum Corpora {
    private static let bundled = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Examples/corpus.txt.zst").standardized.path

    /// The first million bytes of the bundled corpus, cut at the end of a line.
    static let megabyte: Data = {
        let expanded = NSTemporaryDirectory() + "sounder-e2e-\(UUID().uuidString).txt"
        defer { unlink(expanded) }
        guard (try? Decompressor.expand(bundled, to: expanded)) != nil,
            let handle = FileHandle(forReadingAtPath: expanded),
            let head = try? handle.read(upToCount: 1_000_000),
            let end = head.lastIndex(of: UInt8(ascii: "\n"))
        else { fatalError("\(bundled) cannot be expanded") }
        return head[...end]
    }()

    /// So many copies of it.
    static func megabytes(_ count: Int) -> Data {
        var text = Data(capacity: count * megabyte.count)
        for _ in 0..<count { text.append(megabyte) }
        return text
    }

    /// Lines of words from a vocabulary of `words`, frequent ones first as in language.
    static func generated(
        bytes: Int, words: Int = 2_000, seed: UInt64 = 1, separator: String = "\n"
    ) -> Data {
        var state = seed
        var text = Data(capacity: bytes + 100)
        var inLine = 0
        while text.count < bytes {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let uniform = Double(state >> 11) / Double(1 << 53)
            let rank = Int(pow(Double(words), uniform))
            text.append(contentsOf: "w\(rank)".utf8)
            inLine += 1
            text.append(contentsOf: (inLine % 20 == 0 ? separator : " ").utf8)
        }
        return text
    }
}

extension Site {
    /// The million bytes of the bundled corpus as a file of this test.
    func corpus(_ name: String = "corpus.txt") throws -> String {
        try write(Corpora.megabyte, to: name)
    }
}
