// The model of this worker: read in place where it sees the same files, else fetched once.

import Digests
import Files
import Models
import Protocol
import Transport

/// Holds the last model that a unit asked for, in all the ways that units used it.
final class ModelShelf {
    /// A model's content, and what it is used for. Of what is read in place the content is what the
    /// paths and times of the files say: nobody has compared the digests that make its identity.
    private struct Key: Hashable {
        let identity: String
        /// nil of a copy, whose digests were compared.
        let folder: ModelFolder?
        let use: Use

        init(_ source: ModelSource, isInPlace: Bool, _ use: Use) {
            identity = source.identity
            folder = isInPlace ? source.folder : nil
            self.use = use
        }

        func isOfSameModel(as other: Key) -> Bool {
            identity == other.identity && folder == other.folder
        }
    }

    private enum Use: Hashable {
        case embedding(EncodingOptions)
        case lateInteraction(LateInteractionOptions)
        case crossEncoder(CrossEncoderOptions)
    }

    private let bulk: BulkExchange
    private let directory: String
    private let readsInPlace: Bool
    private var held: [Key: any Sendable] = [:]
    /// In the order of their last use; each may have its own weights.
    private var used: [Key] = []
    private static let heldMax = 4
    /// Name of the folder that was fetched last, by the content of its model.
    private var fetched: String?
    private static let rangeBytes = 8 << 20
    private static let deadlineSeconds = 120.0

    /// - Parameter readsInPlace: false makes the worker fetch a model although it sees the files.
    init(bulk: BulkExchange, cache: String, readsInPlace: Bool) {
        self.bulk = bulk
        directory = cache + "/models"
        self.readsInPlace = readsInPlace
    }

    /// The model of `task`, loaded now if it is not at hand.
    func model(
        for task: EncodeChunk, _ control: RunControl
    ) throws -> (model: EmbeddingModel, bytesReceived: Int) {
        let options = try EncodingOptions(task.settings)
        return try model(task.model, .embedding(options), control) { folder throws(ModelError) in
            try EmbeddingModel(directory: folder, options: options)
        }
    }

    /// The same with the model's own pooling, whatever the task's settings say of tokens.
    ///
    /// - Parameter other: whose weights it can share.
    func embedding(
        for task: EncodeChunk, beside other: LateInteractionModel, _ control: RunControl
    ) throws -> (model: EmbeddingModel, bytesReceived: Int) {
        var options = try EncodingOptions(task.settings)
        options.isTokenLevel = false
        options.dimension = nil
        return try model(task.model, .embedding(options), control) { folder throws(ModelError) in
            try EmbeddingModel(directory: folder, options: options, beside: other)
        }
    }

    /// The same as something that makes a vector of each token.
    ///
    /// - Parameter projection: what was learned of the vectors that it made without one.
    func lateInteraction(
        for task: IndexChunk, projection: LateInteractionOptions.Projection?, _ control: RunControl
    ) throws -> (model: LateInteractionModel, bytesReceived: Int) {
        var options = try LateInteractionOptions(
            settings: task.settings.vectorSettings(task.chunk.settings))
        if let projection {
            held[key(of: task.chunk.model, .lateInteraction(options))] = nil
            options.projection = projection
        }
        return try model(task.chunk.model, .lateInteraction(options), control) {
            folder throws(ModelError) in
            try LateInteractionModel(directory: folder, options: options)
        }
    }

    /// What ranks candidates: a cross-encoder where the folder is one, else vectors of tokens.
    func ranker(
        for task: RerankChunk, _ control: RunControl
    ) throws -> (ranker: CandidateRanker, bytesReceived: Int) {
        let settings = task.settings.vectorSettings(task.chunk.settings)
        let (folder, received) = try folder(of: task.chunk.model, control)
        if try ModelKind(directory: folder) == .crossEncoder {
            var options = CrossEncoderOptions()
            options.maxLength = task.chunk.settings.maxLength
            options.precision = try EncodingOptions(task.chunk.settings).precision
            return (.crossEncoder(try crossEncoder(task.chunk.model, options, control)), received)
        }
        let options = try LateInteractionOptions(settings: settings)
        let (model, _) = try model(task.chunk.model, .lateInteraction(options), control) {
            folder throws(ModelError) in
            try LateInteractionModel(directory: folder, options: options)
        }
        return (.lateInteraction(model), received)
    }

    func crossEncoder(
        _ source: ModelSource, _ options: CrossEncoderOptions, _ control: RunControl
    ) throws -> CrossEncoder {
        try model(source, .crossEncoder(options), control) { folder throws(ModelError) in
            try CrossEncoder(directory: folder, options: options)
        }.model
    }

    private func model<Model: Sendable>(
        _ source: ModelSource, _ use: Use, _ control: RunControl,
        _ load: (String) throws(ModelError) -> Model
    ) throws -> (model: Model, bytesReceived: Int) {
        let key = key(of: source, use)
        used.removeAll { $0 == key }
        used.append(key)
        if let model = held[key] as? Model { return (model, 0) }
        let (folder, received) = try folder(of: source, control)
        // The weights of another model go before those of this one come.
        used = Array(used.filter { $0.isOfSameModel(as: key) }.suffix(Self.heldMax))
        held = held.filter { used.contains($0.key) }
        followLoading(of: source.folder.byteCount, control)
        let model = try load(folder)
        try control.check()
        held[key] = model
        return (model, received)
    }

    /// Loading says nothing of its progress. A worker may take a minute for it, and longer for
    /// what comes slowly from a disk, before it counts as stuck.
    private func followLoading(of bytes: Int, _ control: RunControl) {
        let began = monotonicMilliseconds()
        let patience = Double(60_000 + bytes / 20_000)
        control.follow(
            total: Double(Limits.payloadBytesMax),
            done: { min(Double(monotonicMilliseconds() - began), patience) }, halt: {})
    }

    private func key(of source: ModelSource, _ use: Use) -> Key {
        Key(source, isInPlace: isInPlace(source.folder), use)
    }

    private func isInPlace(_ folder: ModelFolder) -> Bool {
        readsInPlace
            && folder.entries.allSatisfy { entry in
                (try? InputFile(reading: "\(folder.path)/\(entry.name)")) == entry.file
            }
    }

    private func folder(
        of source: ModelSource, _ control: RunControl
    ) throws -> (path: String, bytesReceived: Int) {
        if isInPlace(source.folder) { return (source.folder.path, 0) }
        let path = "\(directory)/\(source.identity)"
        if fetched == source.identity { return (path, 0) }
        // One model at a time: a worker's disk is not a library.
        removeTree(directory)
        fetched = nil
        let progress = Arrivals()
        control.follow(
            total: Double(Limits.payloadBytesMax), done: { Double(progress.bytes) }, halt: {})
        for index in source.folder.entries.indices {
            try fetch(index, of: source, into: path, progress, control)
        }
        fetched = source.identity
        return (path, source.folder.byteCount)
    }

    private func fetch(
        _ index: Int, of source: ModelSource, into folder: String, _ progress: Arrivals,
        _ control: RunControl
    ) throws {
        let entry = source.folder.entries[index]
        let parts = entry.name.split(separator: "/")
        try makeDirectory(([folder] + parts.dropLast().map(String.init)).joined(separator: "/"))
        let file = try AtomicFile(path: "\(folder)/\(entry.name)")
        var sum = SHA256Stream()
        while file.byteCount < entry.file.size {
            try control.check()
            let frame = try bulk.fetchRange(
                id: source.payload(of: index).id, offset: file.byteCount,
                length: min(Self.rangeBytes, entry.file.size - file.byteCount),
                from: .coordinator, deadlineSeconds: Self.deadlineSeconds, arrivals: progress)
            try frame.withUnsafeBytes { bytes in
                sum.add(bytes)
                try file.write(bytes)
            }
        }
        guard sum.digest == source.digests[index] else {
            throw Fault(
                .data, "\(entry.name) of the model arrived with other bytes than it was sent with",
                retryable: true)
        }
        try file.commit(durable: false)
    }
}
