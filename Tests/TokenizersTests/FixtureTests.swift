// Ids against those of the `tokenizers` library, for one small tokenizer of each kind.

import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite("Tokenizers of every kind")
struct FixtureTests {
    static let folder = URL(fileURLWithPath: #filePath)
        .appendingPathComponent("../../Fixtures/tokenizers").standardized

    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".tokenizer.json") }
            .map { String($0.dropLast(".tokenizer.json".count)) }.sorted()
    }()

    struct Pair: Decodable {
        let first: Int
        let second: Int
        let limit: Int
        let ids: [Int32]
        let types: [UInt8]
    }

    struct Expected: Decodable {
        let ids: [[Int32]]
        let cutAtNine: [[Int32]]
        let pairs: [Pair]
        let vocabulary: Int
    }

    static func texts() throws -> [String] {
        try JSONDecoder().decode(
            [String].self, from: Data(contentsOf: folder.appendingPathComponent("texts.json")))
    }

    static func expected(_ name: String) throws -> Expected {
        let file = folder.appendingPathComponent("\(name).ids.json")
        return try JSONDecoder().decode(Expected.self, from: Data(contentsOf: file))
    }

    static func tokenizer(_ name: String) throws -> Tokenizer {
        try Tokenizer(path: folder.appendingPathComponent("\(name).tokenizer.json").path)
    }

    @Test("there are fixtures")
    func fixtures() {
        #expect(Self.names.count >= 15)
    }

    @Test("the ids are the library's", arguments: names)
    func ids(name: String) throws {
        let tokenizer = try Self.tokenizer(name)
        let expected = try Self.expected(name)
        var scratch = Tokenizer.Scratch()
        for (index, text) in try Self.texts().enumerated() {
            let ids = encode(tokenizer, text, &scratch)
            #expect(ids == expected.ids[index], "\(name), text \(index): \(text)")
        }
    }

    @Test("a limit keeps the special tokens and cuts the end", arguments: names)
    func limits(name: String) throws {
        let tokenizer = try Self.tokenizer(name)
        let expected = try Self.expected(name)
        var scratch = Tokenizer.Scratch()
        for (index, text) in try Self.texts().enumerated() {
            var ids: [Int32] = [-7]
            let total = text.withBytes {
                tokenizer.encode($0, limit: 9, into: &ids, using: &scratch)
            }
            #expect(ids == [-7] + expected.cutAtNine[index], "\(name), text \(index): \(text)")
            #expect(total == expected.ids[index].count)
        }
    }

    @Test("of a pair the longer text is cut first, and each id has its type", arguments: names)
    func pairs(name: String) throws {
        let tokenizer = try Self.tokenizer(name)
        let texts = try Self.texts()
        var scratch = Tokenizer.Scratch()
        for pair in try Self.expected(name).pairs {
            var ids: [Int32] = []
            var types: [UInt8] = []
            texts[pair.first].withBytes { first in
                texts[pair.second].withBytes { second in
                    _ = tokenizer.encodePair(
                        first, second, limit: pair.limit == 0 ? nil : pair.limit, into: &ids,
                        types: &types, using: &scratch)
                }
            }
            #expect(ids == pair.ids, "\(name), \(pair)")
            #expect(types == pair.types, "\(name), \(pair)")
        }
    }

    @Test("tokens and ids lead to each other", arguments: names)
    func vocabulary(name: String) throws {
        let tokenizer = try Self.tokenizer(name)
        #expect(tokenizer.vocabularyCount >= (try Self.expected(name).vocabulary))
        for id in 0..<Int32(tokenizer.vocabularyCount) {
            guard let token = tokenizer.token(of: id) else { continue }
            #expect(tokenizer.id(of: token) == id, "\(name): \(token)")
        }
        #expect(tokenizer.token(of: Int32(tokenizer.vocabularyCount)) == nil)
        #expect(tokenizer.token(of: -1) == nil)
    }

    @Test("one scratch serves tokenizers in turn, and a copy of it is another")
    func scratch() throws {
        let texts = try Self.texts()
        let all = try Self.names.map { (try Self.tokenizer($0), try Self.expected($0)) }
        var scratch = Tokenizer.Scratch()
        for (index, text) in texts.enumerated() {
            var copy = scratch
            for (tokenizer, expected) in all {
                #expect(encode(tokenizer, text, &scratch) == expected.ids[index])
                #expect(encode(tokenizer, text, &copy) == expected.ids[index])
            }
        }
    }

    @Test("threads share a tokenizer")
    func threads() async throws {
        let tokenizer = try Self.tokenizer("wordpiece")
        let expected = try Self.expected("wordpiece").ids
        let texts = try Self.texts()
        await withTaskGroup(of: [[Int32]].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var scratch = Tokenizer.Scratch()
                    return texts.map { encode(tokenizer, $0, &scratch) }
                }
            }
            for await ids in group { #expect(ids == expected) }
        }
    }
}

func encode(
    _ tokenizer: Tokenizer, _ text: String, _ scratch: inout Tokenizer.Scratch
) -> [Int32] {
    var ids: [Int32] = []
    text.withBytes { _ = tokenizer.encode($0, limit: nil, into: &ids, using: &scratch) }
    return ids
}

extension String {
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        Array(utf8).withUnsafeBytes(body)
    }
}
