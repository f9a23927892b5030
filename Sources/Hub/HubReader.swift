// What a hub has of one model: its listing, its files' hashes and sizes, and their bytes.

import FoundationEssentials

/// A file as the hub announces it.
struct RemoteFile: Sendable {
    let path: String
    let commit: String
    let hash: BlobHash
    let size: Int
}

/// The part of a model's description that matters here.
struct ModelListing: Decodable, Sendable {
    struct File: Decodable { let rfilename: String }
    let sha: String
    private let siblings: [File]

    var paths: [String] { siblings.map(\.rfilename) }
}

/// On the thread of its connection's session.
struct HubReader {
    let connection: HubConnection
    let endpoint: String
    let name: ModelName
    let observe: (PullEvent) -> Void

    private static let listingBytesMax = 32 << 20
    /// Weights may be of any size, but nothing else is.
    private static let smallFileBytesMax = 1 << 30
    /// As much must arrive for a broken connection not to count as a failure in a row.
    private static let progressBytes = 1 << 20

    // MARK: - What there is

    func listing() throws(HubError) -> ModelListing {
        let revision = RepositoryPath.percentEncoded(name.revisionOrMain, keepsSlashes: false)
        let place = try address("/api/models/\(name.id)/revision/\(revision)")
        let bytes = try patiently { () throws(Setback) in
            let reply = try connection.get(place, of: "model \(name)")
            return try connection.collect(
                reply, bytesMax: Self.listingBytesMax, of: "the description of \(name)")
        }
        guard let listing = try? JSONDecoder().decode(ModelListing.self, from: Data(bytes)),
            ModelName.isCommit(listing.sha)
        else {
            throw .malformed("the description of \(name)", reason: "no commit and list of files")
        }
        return listing
    }

    /// Hash and size of a file.
    func file(_ path: String, commit: String) throws(HubError) -> RemoteFile {
        let place = try address(of: path, commit)
        let what = "file \(path) of \(name)"
        let facts = try patiently { () throws(Setback) in
            try connection.head(place, of: what)
        }
        guard let hash = facts.hash, let size = facts.size, size >= 0 else {
            throw .malformed(what, reason: "no size, or no SHA-256 or git hash as ETag")
        }
        guard facts.commit == nil || facts.commit == commit else {
            throw .malformed(what, reason: "of another commit than was asked for")
        }
        guard size <= Self.smallFileBytesMax || path.hasSuffix(".safetensors") else {
            throw .malformed(what, reason: "\(size) bytes, where 2^30 is the limit")
        }
        return RemoteFile(path: path, commit: commit, hash: hash, size: size)
    }

    private func address(of path: String, _ commit: String) throws(HubError) -> WebAddress {
        try address("/\(name.id)/resolve/\(commit)/\(RepositoryPath.percentEncoded(path))")
    }

    private func address(_ path: String) throws(HubError) -> WebAddress {
        guard let address = WebAddress(endpoint + path) else {
            throw .badSetting("HF_ENDPOINT", reason: "makes no http or https address")
        }
        return address
    }

    // MARK: - Bytes

    /// Brings what is missing of a file.
    func receive(
        _ file: RemoteFile, into blob: PartialBlob, _ tally: inout PullTally
    ) throws(HubError) {
        let place = try address(of: file.path, file.commit)
        try patiently { () throws(Setback) in
            let before = tally.bytesFetched
            do throws(Setback) { try attempt(file, place, blob, &tally) } catch {
                var setback = error
                setback.hasProgress = tally.bytesFetched - before >= Self.progressBytes
                throw setback
            }
        }
    }

    private func attempt(
        _ file: RemoteFile, _ place: WebAddress, _ blob: PartialBlob, _ tally: inout PullTally
    ) throws(Setback) {
        if blob.isWhole { return }
        let reply = try connection.get(place, of: "file \(file.path)", offset: blob.count)
        let isRest =
            reply.head.status == 206
            && reply.head["Content-Range"]?.hasPrefix("bytes \(blob.count)-") == true
        if blob.count > 0, !isRest {
            // No part of it, or another: the hub's copy may have changed.
            tally.lost(blob.count)
            do throws(HubError) { try blob.restart() } catch { throw Setback(error) }
        }
        guard reply.head.status == (blob.count > 0 ? 206 : 200) else {
            let reason = "it does not send from the start"
            throw Setback(.interrupted(host: reply.from.place, reason: reason))
        }
        try connection.pour(reply) { (bytes) throws(HubError) in
            try blob.append(bytes)
            tally.received(bytes.count)
            observe(.progress(tally.progress(file.path)))
        }
        guard blob.isWhole else {
            let reason = "\(file.path) ended after \(blob.count) of \(blob.size) bytes"
            throw Setback(.interrupted(host: reply.from.place, reason: reason))
        }
    }

    /// Attempts until one succeeds, or patience ends.
    private func patiently<Outcome>(
        _ attempt: () throws(Setback) -> Outcome
    ) throws(HubError) -> Outcome {
        var failures = 0
        while true {
            let setback: Setback
            do throws(Setback) { return try attempt() } catch { setback = error }
            failures = setback.hasProgress ? 1 : failures + 1
            guard let pause = connection.patience.pause(after: setback, failures: failures) else {
                throw setback.error
            }
            observe(.retrying(setback.error, seconds: pause))
            try connection.session.sleep(seconds: pause)
        }
    }
}
