// What the bulk plane of a process has done since its start.

import Synchronization

/// Payload bytes only: headers and the framing of the wire are not in it.
public struct BulkCounters: Sendable, Equatable {
    public var bytesSent: Int
    public var bytesReceived: Int
    public var chunksSent: Int
    public var chunksReceived: Int
    /// Windows asked for again after silence.
    public var resumptions: Int
    /// Payloads fetched again because their checksum was wrong.
    public var refetches: Int
    /// Messages that were no messages, not asked for, or from somebody without a HELLO.
    public var rejected: Int
}

final class BulkCounts: Sendable {
    let bytesSent = Atomic(0)
    let bytesReceived = Atomic(0)
    let chunksSent = Atomic(0)
    let chunksReceived = Atomic(0)
    let resumptions = Atomic(0)
    let refetches = Atomic(0)
    let rejected = Atomic(0)

    var now: BulkCounters {
        BulkCounters(
            bytesSent: bytesSent.load(ordering: .relaxed),
            bytesReceived: bytesReceived.load(ordering: .relaxed),
            chunksSent: chunksSent.load(ordering: .relaxed),
            chunksReceived: chunksReceived.load(ordering: .relaxed),
            resumptions: resumptions.load(ordering: .relaxed),
            refetches: refetches.load(ordering: .relaxed),
            rejected: rejected.load(ordering: .relaxed))
    }
}

extension Atomic where Value == Int {
    func count(_ more: Int = 1) { add(more, ordering: .relaxed) }
}
