// The names of things that cross the wire: job → round → work unit → attempt; worker, epoch, lease.

/// Names one job for its whole life, also after a restart of the coordinator.
public struct JobID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }

    public init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public static func < (left: JobID, right: JobID) -> Bool { left.text < right.text }
    public var description: String { text }
}

/// Names one life of one worker process: a restarted worker is a new worker.
public struct WorkerID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }

    public init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public static func < (left: WorkerID, right: WorkerID) -> Bool { left.text < right.text }
    public var description: String { text }
}

/// One work unit: the `index`-th of round `round` of a job.
public struct WorkUnitID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let job: JobID
    public let round: Int
    public let index: Int

    public init(job: JobID, round: Int, index: Int) {
        self.job = job
        self.round = round
        self.index = index
    }

    public static func < (left: WorkUnitID, right: WorkUnitID) -> Bool {
        (left.job, left.round, left.index) < (right.job, right.round, right.index)
    }

    public var description: String { "\(job)/\(round)/\(index)" }
}

/// The fence of a work unit: a result counts only if all of it is still current.
public struct Lease: Hashable, Sendable, Codable {
    /// Rises at every start of the coordinator.
    public let epoch: UInt64
    /// Rises with every assignment of the unit, from 1.
    public let attempt: Int
    /// Unpredictable, so that a result cannot be claimed by a worker that was never assigned.
    public let token: UInt64

    public init(epoch: UInt64, attempt: Int, token: UInt64) {
        self.epoch = epoch
        self.attempt = attempt
        self.token = token
    }
}

/// Bytes that some process holds and serves on its bulk socket.
public struct PayloadReference: Hashable, Sendable, Codable {
    /// Unique in the cluster; content that does not change keeps its id.
    public let id: String
    public let size: Int
    /// XXH3-64 of the bytes; 0 where the holder does not vouch for them (a file read in place).
    public let checksum: UInt64
    /// If given, `checksum` is that of the checksums of the payload's pieces, 8 bytes each and
    /// little-endian: of pieces of so many bytes, the last may be shorter.
    public let pieceBytes: Int?

    public init(id: String, size: Int, checksum: UInt64, pieceBytes: Int? = nil) {
        self.id = id
        self.size = size
        self.checksum = checksum
        self.pieceBytes = pieceBytes
    }
}
