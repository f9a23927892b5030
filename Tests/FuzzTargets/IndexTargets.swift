// What an index is made of: its manifest, its centroids, its segments with their words.

import Digests
import Retrieval
import Tensors

enum IndexTargets {
    static func manifest(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let read = MemoryFile(bytes).withPath { try? IndexManifest.read($0) }
        guard let manifest = read else { return false }
        // Whoever shows them adds them up, and counts on from the generation.
        let total = manifest.files.reduce(0) { $0 + $1.bytes }
        promise(
            total >= 0 && manifest.generation + 1 > 0 && manifest.passages >= 0
                && manifest.tokens >= 0, "numbers below zero")
        return true
    }

    static func centroids(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let read = MemoryFile(bytes).withPath { try? TokenEncoder.read(from: $0) }
        guard let encoder = read else { return false }
        let dimension = encoder.dimension
        let tokens = [0, 1].flatMap { token in (0..<dimension).map { Float(($0 + token) % 3) } }
        guard let matrix = try? TokenMatrix(dimension: dimension, values: tokens) else {
            fatalError("tokens of \(dimension) numbers")
        }
        let encoded = try? encoder.encode(matrix)
        promise(
            encoded?.centroids.allSatisfy { Int($0) < encoder.centroids.count } ?? false,
            "a token has a centroid that there is not")
        return true
    }

    /// The first four bytes are the length of the centroids' file, which stands behind them; the
    /// rest is a segment. Its size and checksum are corrected, which no mutation could.
    static func segment(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= 4 else { return false }
        let length = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
        guard length <= bytes.count - 4 else { return false }
        let read = MemoryFile(bytes[4..<4 + length]).withPath {
            try? TokenEncoder.read(from: $0)
        }
        guard let encoder = read else { return false }
        let file = MemoryFile(corrected(Array(bytes[(4 + length)...])))
        return file.withPath { path in
            guard let segment = try? Segment(path: path, encoder: encoder) else { return false }
            let isSearched = (try? search(segment)) != nil
            let isMerged = (try? merge(segment)) != nil
            return isSearched && isMerged
        }
    }

    private static func corrected(_ segment: [UInt8]) -> [UInt8] {
        guard segment.count >= 80 else { return segment }
        var bytes = segment
        func put(_ number: UInt64, _ place: Int) {
            withUnsafeBytes(of: number.littleEndian) {
                bytes.replaceSubrange(place..<place + 8, with: $0)
            }
        }
        put(UInt64(bytes.count), 16)
        put(0, 72)
        let sections = bytes.withUnsafeBytes {
            Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 12, as: UInt32.self)))
        }
        guard sections <= (bytes.count - 80) / 32 else { return bytes }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes[..<(80 + 32 * sections)] {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        put(hash, 72)
        return bytes
    }

    /// Everything that a search reads, of all passages.
    private static func search(_ segment: Segment) throws {
        let shards = try OpenShards(
            encoder: segment.encoder,
            parts: [
                ShardPart(
                    number: 0, segment: segment, dead: Tombstones(passages: segment.passages))
            ])
        let top = min(segment.passages, 64)
        var query = ShardQuery(.maxSim)
        query.dimension = segment.encoder.dimension
        query.vectors = (0..<3 * query.dimension).map { Float($0 % 5) - 2 }
        query.candidates = 1
        query.wantsText = true
        query.wantsExplanation = true
        let all = try shards.answer(query, top: top, threads: 1)
        promise(Set(all.map(\.passage)).count == all.count, "a passage is found twice")
        query.probes = 1
        _ = try shards.answer(query, top: min(top, 1), threads: 1)
        var named = ShardQuery(.pairs)
        named.ids = all.map(\.id) + ["", "b"]
        named.wantsText = true
        _ = try shards.answer(named, top: 100, threads: 1)
        query.ids = named.ids
        _ = try shards.answer(query, top: 2, threads: 1)
        if let settings = segment.dense {
            var dense = ShardQuery(.dense)
            dense.dimension = settings.dimension
            dense.vectors = (0..<settings.dimension).map { Float($0) }
            // Not every type is searched.
            let isSearched = settings.type == .f32 || settings.type == .bf16
            for probes in isSearched ? [nil, 1] : [] {
                dense.probes = probes
                _ = try shards.answer(dense, top: top, threads: 1)
            }
            for passage in 0..<top {
                let vector = try segment.denseVector(of: passage)
                promise(vector?.count == settings.dimension, "a vector of another length")
            }
        }
        guard segment.words != nil else { return }
        var words = ShardQuery(.words)
        words.passageCount = segment.passages
        words.wordCount = 10
        words.terms = ["hog", "river"].map { ShardQuery.Term(text: $0, count: 1, passages: 1) }
        _ = try shards.answer(words, top: top, threads: 1)
    }

    /// As the coordinator makes an index of what workers hand in.
    private static func merge(_ segment: Segment) throws {
        let folder = MemoryDirectory.folder("index")
        defer { MemoryDirectory.removeFolder("index") }
        let index = try IndexDirectory.create(
            folder, model: ModelIdentity(name: "m", sha256: ""), encoder: segment.encoder,
            dense: segment.dense, digest: { ManifestDigest() })
        try index.append([(segment, Tombstones(passages: segment.passages))])
        promise(
            index.manifest.passages == segment.passages,
            "\(index.manifest.passages) of \(segment.passages) passages")
        try index.verify()
    }
}

private struct ManifestDigest: ByteDigest {
    private var sum = SHA256Stream()

    var digest: String { sum.digest }

    mutating func add(_ bytes: UnsafeRawBufferPointer) { sum.add(bytes) }
}
