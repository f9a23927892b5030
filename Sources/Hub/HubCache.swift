// The cache that huggingface_hub and we share: where a model's refs, blobs and snapshots lie.

import Files
import Glibc

/// `models--ORG--NAME/{refs/REVISION, blobs/HASH, snapshots/COMMIT/PATH -> ../../blobs/HASH}`.
public struct HubCache: Sendable, Hashable {
    public let directory: String

    public init(directory: String) { self.directory = directory }

    /// `directory`, else HF_HUB_CACHE, else `hub` in HF_HOME, else `huggingface/hub` in
    /// XDG_CACHE_HOME, else in `~/.cache`.
    public init(
        directory: String? = nil, environment: (String) -> String? = HubSettings.variable
    ) throws(HubError) {
        if let directory {
            self.directory = directory
        } else if let named = environment("HF_HUB_CACHE") {
            self.directory = try Self.expanded(named, environment)
        } else {
            self.directory = try Self.home(environment) + "/hub"
        }
    }

    /// What huggingface_hub calls HF_HOME.
    static func home(_ environment: (String) -> String?) throws(HubError) -> String {
        if let home = environment("HF_HOME") { return try expanded(home, environment) }
        if let cache = environment("XDG_CACHE_HOME") {
            return try expanded(cache, environment) + "/huggingface"
        }
        return try expanded("~/.cache/huggingface", environment)
    }

    private static func expanded(
        _ path: String, _ environment: (String) -> String?
    ) throws(HubError) -> String {
        guard path == "~" || path.hasPrefix("~/") else { return path }
        guard let home = environment("HOME") else {
            throw .badSetting("HOME", reason: "is not set; say where the cache is with HF_HOME")
        }
        return home + path.dropFirst()
    }

    // MARK: - Reading

    /// The directory of a model that is here with its configuration and weights; never touches
    /// the network.
    public func snapshot(of name: ModelName) -> String? {
        guard let commit = commit(of: name) else { return nil }
        let path = snapshotPath(name, commit)
        return Self.looksWhole(path) ? path : nil
    }

    private func commit(of name: ModelName) -> String? {
        let revision = name.revisionOrMain
        if ModelName.isCommit(revision) { return revision }
        let path = "\(modelPath(name))/refs/\(revision)"
        guard let text = SmallFile.text(at: path, bytesMax: 100)?.trimmed else { return nil }
        return ModelName.isCommit(text) ? text : nil
    }

    /// Other programs leave snapshots with a configuration alone; weights may lie one level below.
    private static func looksWhole(_ path: String) -> Bool {
        let names = FileSystem.names(in: path)
        guard names.contains("config.json") || names.contains("modules.json") else { return false }
        let isWeights = { (name: String) in name.hasSuffix(".safetensors") }
        return names.contains(where: isWeights)
            || names.contains { FileSystem.names(in: "\(path)/\($0)").contains(where: isWeights) }
    }

    // MARK: - Places

    func modelPath(_ name: ModelName) -> String { "\(directory)/\(name.folder)" }

    func snapshotPath(_ name: ModelName, _ commit: String) -> String {
        "\(modelPath(name))/snapshots/\(commit)"
    }

    func blobPath(_ name: ModelName, _ hash: BlobHash) -> String {
        "\(modelPath(name))/blobs/\(hash.text)"
    }

    func lockPath(_ name: ModelName, _ hash: BlobHash) -> String {
        "\(directory)/.locks/\(name.folder)/\(hash.text).lock"
    }

    // MARK: - Writing

    /// Makes the model's directories, and marks the cache as one, so that backups leave it out
    /// (https://bford.info/cachedir/).
    func prepare(for name: ModelName) throws(HubError) {
        for folder in ["blobs", "refs", "snapshots"] {
            try FileSystem.makeDirectory("\(modelPath(name))/\(folder)")
        }
        try FileSystem.makeDirectory("\(directory)/.locks/\(name.folder)")
        let tag = "\(directory)/CACHEDIR.TAG"
        guard access(tag, F_OK) != 0 else { return }
        try FileSystem.write(
            "Signature: 8a477f597d28d172789f06886806bc55\n"
                + "# This directory is a cache of models; see https://bford.info/cachedir/\n",
            to: tag)
    }

    /// Gives a blob its name in a snapshot.
    func link(
        _ path: String, to hash: BlobHash, of name: ModelName, commit: String
    ) throws(HubError) {
        let place = "\(snapshotPath(name, commit))/\(path)"
        try FileSystem.makeDirectory(FileSystem.parent(of: place))
        let up = String(repeating: "../", count: path.split(separator: "/").count + 1)
        let target = "\(up)blobs/\(hash.text)"
        if FileSystem.linkTarget(place) == target { return }
        // Renamed into place, because a reader may have the old one open by name.
        let fresh = "\(place).\(UInt64.random(in: 0 ... .max)).tmp"
        guard symlink(target, fresh) == 0, rename(fresh, place) == 0 else {
            let reason = systemReason()
            unlink(fresh)
            throw .unwritable(path: place, reason: reason)
        }
    }

    /// Notes which commit a branch or a tag was; a commit needs no note.
    func remember(_ commit: String, of name: ModelName) throws(HubError) {
        let revision = name.revisionOrMain
        guard revision != commit else { return }
        let path = "\(modelPath(name))/refs/\(revision)"
        if SmallFile.text(at: path, bytesMax: 100) == commit { return }
        try FileSystem.makeDirectory(FileSystem.parent(of: path))
        try FileSystem.write(commit, to: path)
    }
}
