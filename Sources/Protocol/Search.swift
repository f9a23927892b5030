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

    public init(
        index: IndexShards, top: Int, deadlineMilliseconds: Int, allowsPartial: Bool = false,
        replicas: Int = 2
    ) {
        self.index = index
        self.top = top
        self.deadlineMilliseconds = deadlineMilliseconds
        self.allowsPartial = allowsPartial
        self.replicas = replicas
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

    public init(
        ticket: UInt64, index: IndexShards, shards: [Int], top: Int, deadlineMilliseconds: Int
    ) {
        self.ticket = ticket
        self.index = index
        self.shards = shards
        self.top = top
        self.deadlineMilliseconds = deadlineMilliseconds
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

extension IndexShards {
    /// The first thing out of bounds, as a phrase.
    func complaint() -> String? {
        guard path.hasPrefix("/"), path.utf8.count <= Limits.pathBytesMax, !path.utf8.contains(0)
        else { return "the index \(path.prefix(100).debugDescription) has no absolute path" }
        guard (1...Limits.indexShardsMax).contains(shards.count) else {
            return "\(shards.count) shards; 1 to \(Limits.indexShardsMax) are allowed"
        }
        let files = common + shards.joined()
        guard common.count <= 8, shards.allSatisfy({ (1...4).contains($0.count) }) else {
            return "shards of too many files"
        }
        return files.lazy.compactMap { $0.complaint() }.first
    }
}

extension IndexFile {
    fileprivate func complaint() -> String? {
        guard (1...200).contains(name.utf8.count), !name.hasPrefix("."),
            name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x2f && $0 != 0x7f })
        else { return "the file \(name.prefix(100).debugDescription) of an index" }
        guard (0...Limits.payloadBytesMax).contains(bytes) else {
            return "\(name) of \(bytes) bytes"
        }
        guard sha256.utf8.count == 64,
            sha256.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { return "the digest of \(name)" }
        return nil
    }
}

extension Search {
    func complaint(bodyBytes: Int?) -> String? {
        guard bodyBytes != nil else { return "a question without a body" }
        guard (1...Limits.hitsMax).contains(top) else {
            return "top \(top); it must lie in 1...\(Limits.hitsMax)"
        }
        guard (1...Limits.searchMillisecondsMax).contains(deadlineMilliseconds) else {
            return "a deadline of \(deadlineMilliseconds) ms; it must lie in "
                + "1...\(Limits.searchMillisecondsMax)"
        }
        guard (1...16).contains(replicas) else {
            return "\(replicas) replicas; 1 to 16 are allowed"
        }
        return index.complaint()
    }
}

extension Score {
    func complaint(bodyBytes: Int?) -> String? {
        guard (1...Limits.hitsMax).contains(top),
            (1...Limits.searchMillisecondsMax).contains(deadlineMilliseconds)
        else { return "top \(top) within \(deadlineMilliseconds) ms" }
        guard shards.allSatisfy(index.shards.indices.contains) else { return "unknown shards" }
        guard shards.isEmpty || bodyBytes != nil else { return "a question without a body" }
        return index.complaint()
    }
}

extension Scored {
    func complaint(bodyBytes: Int?) -> String? {
        guard shards.count <= Limits.indexShardsMax,
            shards.allSatisfy((0..<Limits.indexShardsMax).contains)
        else { return "\(shards.count) shards" }
        guard fault != nil || bodyBytes != nil else { return "an answer without hits" }
        return nil
    }
}
