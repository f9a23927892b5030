// An index on disk: a manifest, an encoder and segments, with one writer at a time.

import Files
import Glibc

/// What a search needs of an index, unaffected by later changes of it.
public struct IndexSnapshot: Sendable {
    public let encoder: TokenEncoder
    /// With the deleted passages of each.
    public let segments: [(segment: Segment, dead: Tombstones)]

    public init(encoder: TokenEncoder, segments: [(segment: Segment, dead: Tombstones)]) {
        self.encoder = encoder
        self.segments = segments
    }
}

/// A directory with an index. One thread at a time; for reading, many processes at once, for
/// writing, one, which holds a lock until this object is freed.
public final class IndexDirectory {
    public let path: String
    public private(set) var manifest: IndexManifest
    public private(set) var snapshot: IndexSnapshot
    let digest: NewDigest
    /// Manifests that are tried, one after the other, while somebody writes all the time.
    private static let loadsMax = 8
    private let lock: IndexLock?
    /// Names given to segments by this object.
    var names = 0

    public var encoder: TokenEncoder { snapshot.encoder }

    /// Begins an index in a directory that exists and has none.
    ///
    /// - Throws: `.file`, `.locked`, `.mismatch` when there is an index.
    public static func create(
        _ path: String, model: ModelIdentity, encoder: TokenEncoder, dense: DenseSettings? = nil,
        digest: @escaping NewDigest
    ) throws(IndexError) -> IndexDirectory {
        let lock = try IndexLock(path)
        guard access("\(path)/\(IndexManifest.fileName)", F_OK) != 0 else {
            throw .mismatch(
                path: path, what: "an index", found: IndexManifest.fileName,
                expected: "an empty directory")
        }
        let name = "encoder-0.safetensors"
        try encoder.write(to: "\(path)/\(name)")
        let manifest = IndexManifest(
            model: model, dimension: encoder.dimension, form: encoder.form, dense: dense,
            encoder: try .describe(name, in: path, digest))
        try manifest.write(to: "\(path)/\(IndexManifest.fileName)")
        let snapshot = IndexSnapshot(encoder: encoder, segments: [])
        return IndexDirectory(path, manifest, snapshot, digest, lock)
    }

    /// Opens an index: the manifest is read, sizes, headers and tombstones of all files are
    /// checked, and nothing else is read. `verify` reads it all.
    ///
    /// - Throws: `.file`, `.damaged`, `.mismatch` naming the file; `.locked` when it is to be
    ///   written and another process does so.
    public static func open(
        _ path: String, forWriting: Bool = false, digest: @escaping NewDigest
    ) throws(IndexError) -> IndexDirectory {
        let lock = forWriting ? try IndexLock.ofIndex(path) : nil
        let manifest = try IndexManifest.read("\(path)/\(IndexManifest.fileName)")
        let (current, snapshot) = try load(path, from: manifest)
        if lock != nil { removeOrphans(path, Set(current.files.map(\.file))) }
        return IndexDirectory(path, current, snapshot, digest, lock)
    }

    /// Loads what a manifest names, or one that took its place meanwhile: whoever writes removes
    /// the files that the new manifest does not name, and does not wait for those who read.
    static func load(
        _ path: String, from manifest: IndexManifest
    ) throws(IndexError) -> (IndexManifest, IndexSnapshot) {
        var manifest = manifest
        for _ in 1..<loadsMax {
            do throws(IndexError) { return (manifest, try load(manifest, path)) } catch {
                let newer = try? IndexManifest.read("\(path)/\(IndexManifest.fileName)")
                guard let newer, newer != manifest else { throw error }
                manifest = newer
            }
        }
        return (manifest, try load(manifest, path))
    }

    private static func load(
        _ manifest: IndexManifest, _ path: String
    ) throws(IndexError) -> IndexSnapshot {
        let encoder = try TokenEncoder.read(from: "\(path)/\(manifest.encoder.file)")
        guard encoder.dimension == manifest.dimension, encoder.form == manifest.form else {
            throw .mismatch(
                path: "\(path)/\(manifest.encoder.file)", what: "vectors",
                found: "\(encoder.form) of \(encoder.dimension)",
                expected: "\(manifest.form) of \(manifest.dimension)")
        }
        return try load(manifest, encoder, path, known: [:])
    }

    /// Removes what a writer that died left behind: files that no manifest ever named.
    private static func removeOrphans(_ path: String, _ known: Set<String>) {
        guard let folder = opendir(path) else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            let isOurs = ["segment-", "dead-", ".segment-", ".dead-", ".manifest"].contains {
                name.hasPrefix($0)
            }
            if isOurs, !known.contains(name) { unlink("\(path)/\(name)") }
        }
    }

    private init(
        _ path: String, _ manifest: IndexManifest, _ snapshot: IndexSnapshot,
        _ digest: @escaping NewDigest, _ lock: IndexLock?
    ) {
        self.path = path
        self.manifest = manifest
        self.snapshot = snapshot
        self.digest = digest
        self.lock = lock
    }

    private static func load(
        _ manifest: IndexManifest, _ encoder: TokenEncoder, _ path: String,
        known: [String: Segment]
    ) throws(IndexError) -> IndexSnapshot {
        var segments: [(segment: Segment, dead: Tombstones)] = []
        for entry in manifest.segments {
            let name = "\(path)/\(entry.file.file)"
            let segment: Segment
            if let open = known[name] {
                segment = open
            } else {
                segment = try Segment(path: name, encoder: encoder)
            }
            guard segment.byteCount == entry.file.bytes, segment.passages == entry.passages,
                segment.tokens == entry.tokens, segment.dense == manifest.dense
            else {
                throw .damaged(
                    path: name, found: "\(segment.byteCount) bytes, \(segment.passages) passages",
                    expected: "\(entry.file.bytes) bytes, \(entry.passages) passages")
            }
            var dead = Tombstones(passages: segment.passages)
            if let file = entry.tombstones {
                dead = try wrapping { () throws(FileError) in
                    try Tombstones.read("\(path)/\(file.file)", passages: segment.passages)
                }
            }
            guard dead.count == entry.deleted else {
                throw .damaged(
                    path: "\(path)/\(entry.tombstones?.file ?? "")",
                    found: "\(dead.count) deleted passages", expected: "\(entry.deleted)")
            }
            segments.append((segment, dead))
        }
        return IndexSnapshot(encoder: encoder, segments: segments)
    }

    /// Reads every file and compares its digest.
    ///
    /// - Throws: `.damaged` or `.file`, naming the first bad file.
    public func verify() throws(IndexError) {
        try manifest.encoder.verify(in: path, digest)
        for entry in manifest.segments {
            try entry.file.verify(in: path, digest)
            try entry.tombstones?.verify(in: path, digest)
        }
    }

    /// Puts a new manifest in the place of the old one, then removes the files that it alone named.
    func replace(_ manifest: IndexManifest) throws(IndexError) {
        precondition(lock != nil, "\(path) is not open for writing")
        var manifest = manifest
        manifest.generation += 1
        let known = Dictionary(
            snapshot.segments.map { ($0.segment.path, $0.segment) },
            uniquingKeysWith: { first, _ in first })
        let next = try Self.load(manifest, encoder, path, known: known)
        let fields = try next.fields()
        manifest.fields = fields.isEmpty ? nil : fields
        try manifest.write(to: "\(path)/\(IndexManifest.fileName)")
        let kept = Set(manifest.files.map(\.file))
        for file in self.manifest.files where !kept.contains(file.file) {
            unlink("\(path)/\(file.file)")
        }
        self.manifest = manifest
        snapshot = next
    }
}
