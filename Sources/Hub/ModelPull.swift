// Fetching a model: what the hub has, what is here already, the rest, and then its names.

/// How far a pull is; for people.
public struct PullProgress: Sendable {
    public let file: String
    public let filesDone: Int
    public let filesTotal: Int
    /// Bytes that are here, those of earlier attempts included.
    public let bytesDone: Int
    public let bytesTotal: Int
    /// Bytes that this pull has received.
    public let bytesFetched: Int
}

public enum PullEvent: Sendable {
    case progress(PullProgress)
    /// An attempt failed; the next one comes after `seconds`.
    case retrying(HubError, seconds: Double)
}

/// What a pull leaves behind.
public struct PulledModel: Sendable {
    public let name: ModelName
    /// Nil where the hub was not asked.
    public let commit: String?
    /// The snapshot's directory.
    public let directory: String
    public let files: Int
    public let bytes: Int
    public let bytesFetched: Int
}

/// One model, from a hub into the cache.
public struct ModelPull: Sendable {
    let name: ModelName
    let settings: HubSettings
    var patience = Patience()
    /// Name and version of the program that asks.
    let agent: String

    public init(
        _ name: ModelName, _ settings: HubSettings, patience: Patience = Patience(), agent: String
    ) {
        self.name = name
        self.settings = settings
        self.patience = patience
        self.agent = agent
    }

    /// Fetches what is missing, and checks every byte of it against the hub's hashes.
    /// - observe: called often, from whatever thread receives.
    public func run(
        _ observe: @escaping @Sendable (PullEvent) -> Void
    ) async throws(HubError) -> PulledModel {
        if settings.isOffline {
            guard let directory = settings.cache.snapshot(of: name) else {
                throw .offline(name: "\(name)")
            }
            return PulledModel(
                name: name, commit: nil, directory: directory, files: 0, bytes: 0, bytesFetched: 0)
        }
        guard let hub = WebAddress(settings.endpoint) else {
            throw .badSetting("HF_ENDPOINT", reason: "is not an http or https address")
        }
        guard let session = WebSession() else {
            throw .unreachable(host: hub.place, reason: "libcurl does not start")
        }
        let outcome = await withTaskCancellationHandler {
            await WebSession.run {
                Result { () throws(HubError) in try pull(from: hub, session, observe) }
            }
        } onCancel: {
            session.stop()
        }
        return try outcome.get()
    }

    private func pull(
        from hub: WebAddress, _ session: WebSession, _ observe: @escaping (PullEvent) -> Void
    ) throws(HubError) -> PulledModel {
        let connection = HubConnection(
            session: session, hub: hub, token: settings.token, patience: patience, agent: agent)
        let hub = HubReader(
            connection: connection, endpoint: settings.endpoint, name: name, observe: observe)
        let listing = try hub.listing()
        let paths = try FileSelection.choose(from: listing.paths, of: name)
        var files: [RemoteFile] = []
        for path in paths { files.append(try hub.file(path, commit: listing.sha)) }
        try settings.cache.prepare(for: name)
        var tally = try PullTally(files, isHere: isHere)
        try checkRoom(tally.bytesMissing)
        for file in files {
            if !isHere(file) { try fetch(file, hub, &tally) }
            tally.filesDone += 1
        }
        for file in files {
            try settings.cache.link(file.path, to: file.hash, of: name, commit: listing.sha)
        }
        // Last of all, so that a branch never names a snapshot that is not whole.
        try settings.cache.remember(listing.sha, of: name)
        return PulledModel(
            name: name, commit: listing.sha,
            directory: settings.cache.snapshotPath(name, listing.sha), files: files.count,
            bytes: tally.bytesTotal, bytesFetched: tally.bytesFetched)
    }

    private func isHere(_ file: RemoteFile) -> Bool {
        FileSystem.size(of: settings.cache.blobPath(name, file.hash)) == file.size
    }

    private func checkRoom(_ bytesMissing: Int) throws(HubError) {
        let place = settings.cache.modelPath(name)
        guard let free = FileSystem.bytesFree(at: place), free < bytesMissing else { return }
        throw .noRoom(
            directory: settings.cache.directory, bytesNeeded: bytesMissing, bytesFree: free)
    }

    private func fetch(
        _ file: RemoteFile, _ hub: HubReader, _ tally: inout PullTally
    ) throws(HubError) {
        let lock = try BlobLock.take(
            settings.cache.lockPath(name, file.hash), file: file.path, seconds: patience.lock,
            hub.connection.session)
        defer { withExtendedLifetime(lock) {} }
        // Whoever held the lock before may have fetched it.
        if isHere(file) { return tally.found(file.size) }
        let target = settings.cache.blobPath(name, file.hash)
        var blob = try PartialBlob(target: target, expected: file.hash, size: file.size)
        let kept = blob.count
        tally.found(kept)
        try hub.receive(file, into: blob, &tally)
        do throws(HubError) { try blob.commit(file: file.path) } catch {
            // What an earlier attempt left may be what is wrong; then all of it comes anew, once.
            guard case .differs = error, kept > 0 else { throw error }
            blob = try PartialBlob(target: target, expected: file.hash, size: file.size)
            tally.lost(file.size)
            try hub.receive(file, into: blob, &tally)
            try blob.commit(file: file.path)
        }
    }
}
