// Messages of the online plane: a question about an index, fanned out over its shards, and answers.

/// A file of an index, with what it must be to be read.
public struct IndexFile: Hashable, Sendable, Codable {
    /// In the folder of the index.
    public var name: String
    public var bytes: Int
    /// 64 hexadecimal digits.
    public var sha256: String

    public init(name: String, bytes: Int, sha256: String) {
        self.name = name
        self.bytes = bytes
        self.sha256 = sha256
    }

    /// The coordinator serves it under this id: its content has no other name.
    public var payload: String { "index/\(sha256)" }
}

/// The files of an index that a question is about, as its manifest names them.
public struct IndexShards: Hashable, Sendable, Codable {
    /// Folder of the index: absolute, and seen by the coordinator under this path.
    public var path: String
    /// What every shard needs.
    public var common: [IndexFile]
    /// The files of each shard. Shards have their numbers from this order.
    public var shards: [[IndexFile]]

    public init(path: String, common: [IndexFile], shards: [[IndexFile]]) {
        self.path = path
        self.common = common
        self.shards = shards
    }
}

extension ModelSource {
    /// Named by its content, since no job names it.
    public init(folder: ModelFolder, identity: String, digests: [String]) {
        self.init(
            folder: folder, identity: identity, digests: digests, id: "model/\(identity)")
    }
}

/// Client → coordinator. The body is the question; only workers read it.
public struct Search: Hashable, Sendable, Codable {
    public var index: IndexShards
    /// Hits wanted; fewer come where there are fewer.
    public var top: Int
    public var deadlineMilliseconds: Int
    /// Whether hits of some shards are better than none once the deadline has come.
    public var allowsPartial: Bool
    /// Workers that keep each shard at hand.
    public var replicas: Int
    /// Of a question about pairs: what scores them.
    public var model: ModelSource?

    public init(
        index: IndexShards, top: Int, deadlineMilliseconds: Int, allowsPartial: Bool = false,
        replicas: Int = 2, model: ModelSource? = nil
    ) {
        self.index = index
        self.top = top
        self.deadlineMilliseconds = deadlineMilliseconds
        self.allowsPartial = allowsPartial
        self.replicas = replicas
        self.model = model
    }
}

/// Coordinator → worker: the same question, for some shards. The body is that of the question.
public struct Score: Hashable, Sendable, Codable {
    /// Names the question on this connection.
    public var ticket: UInt64
    public var index: IndexShards
    /// Numbers of shards; none only asks to have the files of all of `index` at hand.
    public var shards: [Int]
    public var top: Int
    /// Nobody waits for the answer any longer than this.
    public var deadlineMilliseconds: Int
    public var model: ModelSource?

    public init(
        ticket: UInt64, index: IndexShards, shards: [Int], top: Int, deadlineMilliseconds: Int,
        model: ModelSource? = nil
    ) {
        self.ticket = ticket
        self.index = index
        self.shards = shards
        self.top = top
        self.deadlineMilliseconds = deadlineMilliseconds
        self.model = model
    }
}

/// Worker → coordinator. The body is the hits of these shards, unless there is a fault.
public struct Scored: Hashable, Sendable, Codable {
    public var ticket: UInt64
    public var shards: [Int]
    public var microseconds: Int
    public var fault: Fault?

    public init(ticket: UInt64, shards: [Int], microseconds: Int, fault: Fault? = nil) {
        self.ticket = ticket
        self.shards = shards
        self.microseconds = microseconds
        self.fault = fault
    }
}

/// Coordinator → client. The body is the best hits of all shards that answered.
public struct Found: Hashable, Sendable, Codable {
    /// Shards whose hits are missing; empty unless the question allowed it.
    public var missing: [Int]
    /// From the question's arrival to its answer, and the longest that a worker took for its part.
    public var microseconds: Int
    public var slowestMicroseconds: Int

    public init(missing: [Int], microseconds: Int, slowestMicroseconds: Int) {
        self.missing = missing
        self.microseconds = microseconds
        self.slowestMicroseconds = slowestMicroseconds
    }
}
