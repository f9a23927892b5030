// Files that questions name, offered to workers that do not see them.

import Protocol
import Transport

/// Files of indexes and models. What a question named last stays offered.
struct OfferedIndexes {
    private struct Offer {
        let path: String
        let file: InputFile
        let seenAt: Int64
    }

    private let bulk: BulkExchange
    /// By payload.
    private var offered: [String: Offer] = [:]
    /// Far more than one question can name.
    private static let offeredMax = 10_000
    /// Questions come so fast that looking at every file for each of them would cost more than
    /// they do.
    private static let lookMilliseconds: Int64 = 1_000

    init(bulk: BulkExchange) { self.bulk = bulk }

    /// Files that are not here, or not as large as they should be, are left for workers that see
    /// them: these will say what is missing.
    mutating func offer(_ index: IndexShards, at now: Int64 = monotonicMilliseconds()) {
        for file in index.common + index.shards.joined() {
            offer(file.payload, "\(index.path)/\(file.name)", size: file.bytes, at: now)
        }
    }

    mutating func offer(_ model: ModelSource, at now: Int64 = monotonicMilliseconds()) {
        for (number, entry) in model.folder.entries.enumerated() {
            offer(model.payload(of: number).id, entry.file.path, size: entry.file.size, at: now)
        }
    }

    /// The same content may have moved since it was offered, or have been made again: then the file
    /// is another one, and what was offered is served no more.
    private mutating func offer(_ payload: String, _ path: String, size: Int, at now: Int64) {
        let known = offered[payload]
        if let known, known.path == path, now - known.seenAt < Self.lookMilliseconds { return }
        guard let found = try? InputFile(reading: path), found.size == size else { return }
        if known?.path != path || known?.file != found {
            guard (try? bulk.offer(id: payload, file: path, size: size, staysOpen: false)) != nil
            else { return }
        }
        offered[payload] = Offer(path: path, file: found, seenAt: now)
        if offered.count > Self.offeredMax { leaveOldest() }
    }

    private mutating func leaveOldest() {
        let oldest = offered.sorted { $0.value.seenAt < $1.value.seenAt }.prefix(offered.count / 2)
        for (payload, _) in oldest {
            offered[payload] = nil
            _ = bulk.withdraw(id: payload, waitingSeconds: 0)
        }
    }
}
