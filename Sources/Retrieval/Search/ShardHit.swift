// What a stage of a search finds in the shards of one process.

import FoundationEssentials

/// A passage that was found. Hits of all shards together are in order by (score descending, shard,
/// passage).
public struct ShardHit: Sendable, Equatable {
    public var score: Float
    /// Number of its shard in the index, and its own in the shard.
    public var shard: Int
    public var passage: Int
    public var id: String
    /// If the query asked for it.
    public var text: String?
    public var explanation: [TokenMatch]?
    /// Values of the fields that the query asked for, those without a value left out.
    public var fields: [String: FieldValue]?
}

extension ShardHit {
    /// Little-endian: bytes of the text plus one (u32; 0 for none), the text, the number of query
    /// tokens (u32), and of each the passage's token (u32) and its score (f32); what is left is
    /// a JSON object of the fields.
    public var extra: [UInt8] {
        Self.extra(text: text, explanation: explanation, fields: fields)
    }

    public static func extra(
        text: String?, explanation: [TokenMatch]? = nil, fields: [String: FieldValue]?
    ) -> [UInt8] {
        guard text != nil || explanation != nil || fields != nil else { return [] }
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt32(text.map { $0.utf8.count + 1 } ?? 0))
        bytes += text.map { Array($0.utf8) } ?? []
        bytes.append(littleEndian: UInt32(explanation?.count ?? 0))
        for match in explanation ?? [] {
            bytes.append(littleEndian: UInt32(match.token))
            bytes.append(littleEndian: match.score.bitPattern)
        }
        if let fields {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            bytes += (try? encoder.encode(fields)) ?? Data("{}".utf8)
        }
        return bytes
    }

    /// - Throws: `.badQuery` if `extra` does not say what it should.
    public static func read(
        extra bytes: [UInt8]
    ) throws(RetrievalError) -> (
        text: String?, explanation: [TokenMatch], fields: [String: FieldValue]
    ) {
        if bytes.isEmpty { return (nil, [], [:]) }
        var place = 0
        func number() throws(RetrievalError) -> UInt32 {
            guard bytes.count - place >= 4 else { throw .badQuery("an answer ends early") }
            defer { place += 4 }
            return bytes.withUnsafeBytes {
                UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt32.self))
            }
        }
        let length = Int(try number()) - 1
        guard length <= bytes.count - place else { throw .badQuery("an answer ends early") }
        var text: String?
        if length >= 0 {
            text = String(decoding: bytes[place..<place + length], as: UTF8.self)
            place += length
        }
        let count = Int(try number())
        guard count <= (bytes.count - place) / 8 else { throw .badQuery("an answer ends early") }
        var matches: [TokenMatch] = []
        for _ in 0..<count {
            let token = Int(try number())
            matches.append(TokenMatch(token: token, score: Float(bitPattern: try number())))
        }
        if place == bytes.count { return (text, matches, [:]) }
        guard
            let fields = try? JSONDecoder().decode(
                [String: FieldValue].self, from: Data(bytes[place...]))
        else { throw .badQuery("the fields of an answer cannot be read") }
        return (text, matches, fields)
    }
}
