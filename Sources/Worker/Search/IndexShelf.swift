// Segments of indexes that this worker has at hand, for questions about their shards.

import Digests
import Files
import Protocol
import Retrieval
import Transport

/// Segments that are open, read in place where this machine sees them, else fetched once.
final class IndexShelf {
    private struct Opened {
        let shards: OpenShards
        let key: Key
        let sources: Set<Source>
    }

    private struct Key: Hashable {
        let index: IndexShards
        let shards: [Int]
    }

    /// Where a file is read, and under what it is kept: a copy has the digest that was asked for;
    /// what is read in place has what its path and time say, whatever digest a client has claimed.
    private enum Source: Hashable {
        case copy(path: String)
        case inPlace(InputFile)

        var path: String {
            switch self {
            case .copy(let path): path
            case .inPlace(let file): file.path
            }
        }
    }

    private let bulk: BulkExchange
    private let cache: String
    private let readsInPlace: Bool
    private var opened: [Opened] = []
    private var encoders: [Source: TokenEncoder] = [:]
    private var segments: [Source: Segment] = [:]
    /// Combinations of shards that are kept open.
    private static let openedMax = 64
    /// States of one index that are kept open: it, and what it was before it changed.
    private static let statesMax = 2
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
        var sources: Set<Source> = []
        do {
            let open = try read(index, shards, &sources)
            opened.append(Opened(shards: open, key: key, sources: sources))
            leave(formerStates(of: index.path))
            if opened.count > Self.openedMax { leave([opened[0].key]) }
            return open
        } catch {
            forget(sources)
            throw error
        }
    }

    private func read(
        _ index: IndexShards, _ shards: [Int], _ sources: inout Set<Source>
    ) throws -> OpenShards {
        guard let encoderFile = index.common.first else {
            throw Fault(.data, "the index \(index.path) names no encoder")
        }
        let encoderSource = try source(of: encoderFile, in: index.path)
        sources.insert(encoderSource)
        let encoder = try encoder(encoderSource)
        var parts: [ShardPart] = []
        for shard in shards {
            let files = index.shards[shard]
            var here: [Source] = []
            for file in files {
                here.append(try source(of: file, in: index.path))
                sources.formUnion(here)
            }
            let segment = try segment(files[0], here[0], in: index.path, encoder)
            let dead =
                try here.count > 1
                ? Tombstones.read(here[1].path, passages: segment.passages)
                : Tombstones(passages: segment.passages)
            parts.append(ShardPart(number: shard, segment: segment, dead: dead))
        }
        return try OpenShards(encoder: encoder, parts: parts)
    }

    /// What is open of the index as it was before it changed. The latest of these states stays, so
    /// that searches that are under way can end.
    private func formerStates(of path: String) -> Set<Key> {
        let keys = opened.map(\.key).filter { $0.index.path == path }
        var states: [IndexShards] = []
        for key in keys.reversed() where !states.contains(key.index) { states.append(key.index) }
        let kept = states.prefix(Self.statesMax)
        return Set(keys.filter { !kept.contains($0.index) })
    }

    private func leave(_ keys: Set<Key>) {
        let left = opened.filter { keys.contains($0.key) }
        opened.removeAll { keys.contains($0.key) }
        forget(left.reduce(into: []) { $0.formUnion($1.sources) })
    }

    /// Closes files that no combination has, and removes their copies.
    private func forget(_ sources: Set<Source>) {
        let needed = opened.reduce(into: Set<Source>()) { $0.formUnion($1.sources) }
        for source in sources.subtracting(needed) {
            segments[source] = nil
            encoders[source] = nil
            if case .copy(let path) = source { removeFile(path) }
        }
    }

    private func encoder(_ source: Source) throws -> TokenEncoder {
        if let known = encoders[source] { return known }
        let encoder = try TokenEncoder.read(from: source.path)
        encoders[source] = encoder
        return encoder
    }

    private func segment(
        _ file: IndexFile, _ source: Source, in folder: String, _ encoder: TokenEncoder
    ) throws -> Segment {
        if let known = segments[source] { return known }
        let segment = try Segment(path: source.path, encoder: encoder)
        guard segment.byteCount == file.bytes else {
            throw Fault(
                .data,
                "\(folder)/\(file.name) has \(segment.byteCount) bytes where the manifest says "
                    + "\(file.bytes); restore it, or build the index anew")
        }
        segments[source] = segment
        return segment
    }

    /// The file itself, or a copy with its digest checked.
    private func source(of file: IndexFile, in folder: String) throws -> Source {
        let seen = "\(folder)/\(file.name)"
        if readsInPlace, let found = try? InputFile(reading: seen), found.size == file.bytes {
            return .inPlace(found)
        }
        let copy = "\(cache)/\(file.sha256)"
        if let found = try? InputFile(reading: copy), found.size == file.bytes {
            return .copy(path: copy)
        }
        try makeDirectory(cache)
        let target = try AtomicFile(path: copy)
        var sum = SHA256Stream()
        while target.byteCount < file.bytes {
            let frame = try range(of: file, at: target.byteCount, in: folder)
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
        return .copy(path: copy)
    }

    private func range(of file: IndexFile, at offset: Int, in folder: String) throws -> Frame {
        do throws(Fault) {
            return try bulk.fetchRange(
                id: file.payload, offset: offset,
                length: min(Self.rangeBytes, file.bytes - offset), from: .coordinator,
                deadlineSeconds: Self.deadlineSeconds)
        } catch {
            guard error.code == .payloadMissing else { throw error }
            throw Fault(
                .input,
                "neither this worker nor the coordinator sees \(file.name) of the index \(folder) "
                    + "as the question names it; if the index changed since it was opened, start "
                    + "the search anew")
        }
    }
}
