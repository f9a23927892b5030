// The one file of an index that changes: what there is, by name, size and digest.

import Files
import FoundationEssentials

/// Which model made the vectors, and how; queries have to be made the same way.
public struct ModelIdentity: Sendable, Equatable, Codable {
    public var name: String
    /// Of the model's weights.
    public var sha256: String
    /// Prefixes, maximal lengths and what else decides the vectors.
    public var settings: [String: String]

    public init(name: String, sha256: String, settings: [String: String] = [:]) {
        self.name = name
        self.sha256 = sha256
        self.settings = settings
    }
}

/// manifest.json. It is replaced by renaming, so that readers see one state or the next.
public struct IndexManifest: Sendable, Equatable, Codable {
    /// A file beside the manifest.
    public struct FileEntry: Sendable, Hashable, Codable {
        public var file: String
        public var bytes: Int
        public var sha256: String
    }

    public struct SegmentEntry: Sendable, Equatable, Codable {
        public var file: FileEntry
        public var passages: Int
        public var tokens: Int
        /// nil when nothing of it is deleted.
        public var tombstones: FileEntry?
        public var deleted: Int
    }

    public var formatVersion = Self.version
    /// Rises with every change.
    public var generation = 0
    public var model: ModelIdentity
    public var dimension: Int
    public var form: TokenForm
    public var dense: DenseSettings?
    public var encoder: FileEntry
    public var segments: [SegmentEntry] = []
    /// Fields of the passages beside their text; nil without any.
    public var fields: [FieldEntry]?
    /// What happened to the documents that the index was built of.
    public var ledger: IndexLedger?
    /// What more has to be known to add documents in the same way, by name.
    public var building: [String: String]?

    public static let version = 1
    public static let fileName = "manifest.json"
    private static let bytesMax = 64 << 20
    /// So far from the end that counting on, and adding up all files, stays below it.
    private static let generationMax = 1 << 53
    private static let fileBytesMax = 1 << 44

    /// Living passages.
    public var passages: Int { segments.reduce(0) { $0 + $1.passages - $1.deleted } }
    /// Tokens, those of deleted passages included.
    public var tokens: Int { segments.reduce(0) { $0 + $1.tokens } }

    /// Everything that it names.
    public var files: [FileEntry] {
        [encoder] + segments.map(\.file) + segments.compactMap(\.tombstones)
    }

    /// - Throws: `.file`, `.malformed` in it when it is no manifest of this version.
    public static func read(_ path: String) throws(IndexError) -> IndexManifest {
        let file = try wrapping { () throws(FileError) in try MappedFile(path: path) }
        func fail(_ reason: String) -> IndexError {
            .file(.malformed(path: path, offset: 0, reason: reason))
        }
        guard file.bytes.count <= bytesMax else {
            throw .file(.tooLarge(path: path, bytesMax: bytesMax))
        }
        struct Version: Decodable { var formatVersion: Int }
        let data = Data(file.bytes)
        guard let found = try? JSONDecoder().decode(Version.self, from: data) else {
            throw fail("not a manifest of an index")
        }
        guard found.formatVersion == version else {
            throw fail("version \(found.formatVersion), this program reads \(version)")
        }
        let manifest: IndexManifest
        do { manifest = try JSONDecoder().decode(Self.self, from: data) } catch {
            throw fail("a part of the manifest is missing or of another type")
        }
        if let reason = manifest.contradiction { throw fail(reason) }
        return manifest
    }

    /// Why no index could have such a manifest; nil when one could.
    private var contradiction: String? {
        guard (0...Self.generationMax).contains(generation) else {
            return "generation \(generation)"
        }
        guard segments.count <= 1 << 16 else { return "\(segments.count) segments" }
        for entry in files where !(0...Self.fileBytesMax).contains(entry.bytes) {
            return "\(entry.file.prefix(80)) of \(entry.bytes) bytes"
        }
        for entry in files where !entry.isBeside {
            return "\"\(entry.file.prefix(80))\" is no name of a file beside the manifest"
        }
        let counts = 0...SegmentHeader.countMax
        for segment in segments {
            guard counts.contains(segment.passages), counts.contains(segment.tokens),
                (0...segment.passages).contains(segment.deleted),
                (segment.deleted > 0) == (segment.tombstones != nil)
            else { return "the numbers of \(segment.file.file) contradict each other" }
        }
        return nil
    }

    /// - Throws: `.file`.
    public func write(to path: String) throws(IndexError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else {
            preconditionFailure("a manifest that is no JSON")
        }
        try wrapping { () throws(FileError) in
            let file = try AtomicFile(path: path)
            try file.write(Array(data))
            try file.commit()
        }
    }
}

extension IndexManifest.FileEntry {
    /// Whether the name stays in the directory.
    fileprivate var isBeside: Bool {
        !file.isEmpty && file != "." && file != ".."
            && !file.utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
    }
}
