// Answers questions about shards of an index from the segments that this worker has at hand.

import Digests
import Files
import Protocol
import Retrieval
import Synchronization
import Transport

/// Used by the scoring thread alone.
final class ShardScorer {
    enum Answer {
        /// The best of the shards, in order.
        case hits([Hit])
        /// Passages with their texts, which a model is to score.
        case pairs(ShardQuery, [ShardHit])
    }

    private let shelf: IndexShelf
    private let threads: Int

    init(shelf: IndexShelf, threads: Int) {
        self.shelf = shelf
        self.threads = threads
    }

    func answer(_ score: Score, _ body: Frame) throws(Fault) -> Answer {
        do {
            let query = try body.withUnsafeBytes { try ShardQuery($0) }
            let shards = try shelf.open(score.index, score.shards)
            let found = try shards.answer(query, top: score.top, threads: threads)
            return query.kind == .pairs ? .pairs(query, found) : .hits(found.map { Hit($0) })
        } catch let fault as Fault {
            throw fault
        } catch let error as RetrievalError {
            throw Fault(.usage, "\(error)")
        } catch IndexError.filter(let problem) {
            throw Fault(.usage, problem.sentence)
        } catch {
            throw Fault(.data, "\(error)")
        }
    }
}

extension Hit {
    init(_ hit: ShardHit) {
        self.init(
            score: hit.score, shard: UInt32(hit.shard), passage: UInt32(hit.passage), id: hit.id,
            extra: hit.extra)
    }
}

/// Segments that are open, read in place where this machine sees them, else fetched once.
final class IndexShelf {
    private struct Opened {
        let shards: OpenShards
        let key: Key
    }

    private struct Key: Hashable {
        let index: IndexShards
        let shards: [Int]

        /// Digests of all that is read for them.
        var files: Set<String> {
            Set((index.common + shards.flatMap { index.shards[$0] }).map(\.sha256))
        }
    }

    private let bulk: BulkExchange
    private let cache: String
    private let readsInPlace: Bool
    private var opened: [Opened] = []
    private var encoders: [String: TokenEncoder] = [:]
    private var segments: [String: Segment] = [:]
    /// Combinations of shards that are kept open.
    private static let openedMax = 64
    private static let deadlineSeconds = 600.0
    private static let rangeBytes = 8 << 20

    init(bulk: BulkExchange, cache: String, readsInPlace: Bool) {
        self.bulk = bulk
        self.cache = cache + "/indexes"
        self.readsInPlace = readsInPlace
    }

    func open(_ index: IndexShards, _ shards: [Int]) throws -> OpenShards {
        let key = Key(index: index, shards: shards)
        if let place = opened.firstIndex(where: { $0.key == key }) {
            let found = opened.remove(at: place)
            opened.append(found)
            return found.shards
        }
        guard let encoderFile = index.common.first else {
            throw Fault(.data, "the index \(index.path) names no encoder")
        }
        let encoder = try encoder(encoderFile, in: index.path)
        var parts: [ShardPart] = []
        for shard in shards {
            let files = index.shards[shard]
            let segment = try segment(files[0], in: index.path, encoder)
            var dead = Tombstones(passages: segment.passages)
            if files.count > 1 {
                dead = try Tombstones.read(
                    try path(of: files[1], in: index.path), passages: segment.passages)
            }
            parts.append(ShardPart(number: shard, segment: segment, dead: dead))
        }
        let open = try OpenShards(encoder: encoder, parts: parts)
        opened.append(Opened(shards: open, key: key))
        if opened.count > Self.openedMax { leaveOldest() }
        return open
    }

    /// With the files that no other combination has, and their copies.
    private func leaveOldest() {
        let left = opened.removeFirst().key.files
        let needed = opened.reduce(into: Set<String>()) { $0.formUnion($1.key.files) }
        for digest in left.subtracting(needed) {
            segments[digest] = nil
            encoders[digest] = nil
            removeFile("\(cache)/\(digest)")
        }
    }

    private func encoder(_ file: IndexFile, in folder: String) throws -> TokenEncoder {
        if let known = encoders[file.sha256] { return known }
        let encoder = try TokenEncoder.read(from: try path(of: file, in: folder))
        encoders[file.sha256] = encoder
        return encoder
    }

    private func segment(
        _ file: IndexFile, in folder: String, _ encoder: TokenEncoder
    ) throws -> Segment {
        if let known = segments[file.sha256] { return known }
        let segment = try Segment(path: try path(of: file, in: folder), encoder: encoder)
        guard segment.byteCount == file.bytes else {
            throw Fault(
                .data,
                "\(folder)/\(file.name) has \(segment.byteCount) bytes where the manifest says "
                    + "\(file.bytes); restore it, or build the index anew")
        }
        segments[file.sha256] = segment
        return segment
    }

    /// The file itself, or a copy with its digest checked.
    private func path(of file: IndexFile, in folder: String) throws -> String {
        let seen = "\(folder)/\(file.name)"
        if readsInPlace, let found = try? InputFile(reading: seen), found.size == file.bytes {
            return seen
        }
        let copy = "\(cache)/\(file.sha256)"
        if let found = try? InputFile(reading: copy), found.size == file.bytes { return copy }
        try makeDirectory(cache)
        let target = try AtomicFile(path: copy)
        var sum = SHA256Stream()
        while target.byteCount < file.bytes {
            let frame = try bulk.fetchRange(
                id: file.payload, offset: target.byteCount,
                length: min(Self.rangeBytes, file.bytes - target.byteCount), from: .coordinator,
                deadlineSeconds: Self.deadlineSeconds)
            try frame.withUnsafeBytes { bytes in
                sum.add(bytes)
                try target.write(bytes)
            }
        }
        guard sum.digest == file.sha256 else {
            throw Fault(
                .data,
                "\(seen) does not have the digest that its manifest names; restore the file, or "
                    + "build the index anew")
        }
        try target.commit(durable: false)
        return copy
    }
}
