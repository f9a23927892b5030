// What the ledger holds: entries of a job, in case its checksums ever let damage through.

import Cluster
import Journal
import Protocol

enum JournalTargets {
    /// One row. Its entries are written to bytes that read as the same entries.
    static func entries(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let entries = try? read(bytes) else { return false }
        do {
            let written = try write(entries)
            let again = try written.withUnsafeBytes { try write(try read($0)) }
            promise(again == written, "\(entries) are others when they are read again")
        } catch {
            promise(false, "\(entries) are not read again: \(error)")
        }
        return true
    }

    private static func read(_ bytes: UnsafeRawBufferPointer) throws -> [JournalEntry] {
        var entries: [JournalEntry] = []
        try EntryGroup.read(bytes, of: JobID("j-1"), names: NameCache()) { entries.append($0) }
        return entries
    }

    private static func write(_ entries: [JournalEntry]) throws -> [UInt8] {
        var group = EntryGroup()
        for entry in entries {
            if let coded = try entry.coded { group.add(coded.kind, coded.bytes) }
        }
        return group.bytes
    }
}
