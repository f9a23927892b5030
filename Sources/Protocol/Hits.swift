// Hits as they cross the wire, best first, and the merge of the hits of several shards.

/// One passage that was found.
public struct Hit: Hashable, Sendable {
    public var score: Float
    /// Shard, and number of the passage in it: the order among equal scores.
    public var shard: UInt32
    public var passage: UInt32
    public var id: String
    /// What else was asked for, as the question defines it: text, explanation.
    public var extra: [UInt8]

    public init(score: Float, shard: UInt32, passage: UInt32, id: String, extra: [UInt8] = []) {
        self.score = score
        self.shard = shard
        self.passage = passage
        self.id = id
        self.extra = extra
    }

    /// Whether it stands before `other`. No two hits of a list stand equal.
    public func precedes(_ other: Hit) -> Bool {
        if score != other.score { return score > other.score }
        return (shard, passage) < (other.shard, other.passage)
    }
}

/// Little-endian: the number of hits (u32), then of each its score (f32), shard and passage (u32),
/// bytes of the id and of the extra (u32), and these bytes.
public enum Hits {
    private static let fixedBytes = 20

    public static func encode(_ hits: [Hit]) -> Frame {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 + hits.count * 40)
        append(UInt32(hits.count), to: &bytes)
        for hit in hits {
            append(hit.score.bitPattern, to: &bytes)
            append(hit.shard, to: &bytes)
            append(hit.passage, to: &bytes)
            append(UInt32(hit.id.utf8.count), to: &bytes)
            append(UInt32(hit.extra.count), to: &bytes)
            bytes += hit.id.utf8
            bytes += hit.extra
        }
        return Frame(bytes)
    }

    /// - Throws: `CodecError.outOfBounds` if the bytes are not hits in their order, or a score is
    ///   not finite.
    public static func decode(_ frame: Frame) throws(CodecError) -> [Hit] {
        try frame.withUnsafeBytes { bytes throws(CodecError) in
            var reader = Reader(bytes: bytes)
            let count = Int(try reader.number())
            guard count <= bytes.count / fixedBytes else { throw .outOfBounds("\(count) hits") }
            var hits: [Hit] = []
            hits.reserveCapacity(count)
            for _ in 0..<count {
                let hit = try reader.hit()
                if let last = hits.last, !last.precedes(hit) {
                    throw .outOfBounds("hits that are not in their order")
                }
                hits.append(hit)
            }
            guard reader.isAtEnd else { throw .outOfBounds("bytes behind the last hit") }
            return hits
        }
    }

    /// The `top` best of several lists, each of which is in order.
    public static func merge(_ lists: [[Hit]], top: Int) -> [Hit] {
        var positions = [Int](repeating: 0, count: lists.count)
        var merged: [Hit] = []
        while merged.count < top {
            var best: Int?
            for (list, position) in positions.enumerated() where position < lists[list].count {
                guard let other = best else {
                    best = list
                    continue
                }
                if lists[list][position].precedes(lists[other][positions[other]]) { best = list }
            }
            guard let best else { break }
            merged.append(lists[best][positions[best]])
            positions[best] += 1
        }
        return merged
    }

    private static func append(_ value: UInt32, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }

    private struct Reader {
        let bytes: UnsafeRawBufferPointer
        var position = 0

        var isAtEnd: Bool { position == bytes.count }

        mutating func number() throws(CodecError) -> UInt32 {
            guard bytes.count - position >= 4 else { throw .outOfBounds("hits that end early") }
            defer { position += 4 }
            return UInt32(
                littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
        }

        private mutating func run(_ count: UInt32) throws(CodecError) -> UnsafeRawBufferPointer {
            guard bytes.count - position >= Int(count) else {
                throw .outOfBounds("hits that end early")
            }
            defer { position += Int(count) }
            return UnsafeRawBufferPointer(rebasing: bytes[position..<position + Int(count)])
        }

        mutating func hit() throws(CodecError) -> Hit {
            let score = Float(bitPattern: try number())
            guard score.isFinite else { throw .outOfBounds("a score that is not finite") }
            let shard = try number()
            let passage = try number()
            let idBytes = try number()
            let extraBytes = try number()
            let id = String(decoding: try run(idBytes), as: UTF8.self)
            return Hit(
                score: score, shard: shard, passage: passage, id: id,
                extra: [UInt8](try run(extraBytes)))
        }
    }
}
