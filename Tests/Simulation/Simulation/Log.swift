// What happened last, as numbers: text is for failures.

import Protocol

/// One line of the log. What the numbers mean depends on the kind.
struct Note: Equatable, Sendable {
    enum Kind: UInt8, Sendable {
        case up, down, lost
        case workerBorn, workerDied, workerExited, workerPaused, workerStuck, workerSlow
        case unitStarted, unitStopped, unitEnded, unitFailed
        case joined, heard, draining, left, submitted, cancelled, stored, outputsLost
        case planned, completed, faulted, finished, failed, retried, gone
        case journalSubmitted, journalRound, journalDone, journalReduced, journalEnded
        case journalAssigned, journalFailed, journalLost, journalSplit, journalRetried
        case plan, fetch, reduce, abandon, discard
        case coordinatorDied, coordinatorStarted, coordinatorPaused, powerLost, committed
        case cut, clogged, reset, clientDied, told, healed
    }

    var at: Int64
    var kind: Kind
    /// A worker's number where there is one.
    var who: Int32 = -1
    var detail: HeaderKind = .none
    var round: Int32 = -1
    var index: Int32 = -1
    var attempt: Int32 = -1
    var number: UInt64 = 0
}

enum HeaderKind: UInt8, Sendable {
    case none, hello, welcome, refused, heartbeat, unitFinished, unitFailed, goodbye, assign
    case revoke, release, drain, submit, cancel, query, retry, accepted, jobs, cluster, other
}

/// The last notes, and a digest of all of them.
struct Log {
    private let keep: Int
    private var notes: [Note] = []
    private var next = 0
    private(set) var count = 0
    /// Equal for equal histories.
    private(set) var digest: UInt64 = 0xcbf2_9ce4_8422_2325

    /// - Parameter keep: how many of the last notes; all where nil.
    init(keep: Int?) {
        self.keep = keep ?? .max
        notes.reserveCapacity(min(self.keep, 4_096))
    }

    mutating func add(_ note: Note) {
        count += 1
        blend(
            UInt64(bitPattern: note.at) << 16 | UInt64(note.kind.rawValue) << 8
                | UInt64(note.detail.rawValue))
        blend(UInt64(UInt32(bitPattern: note.who)) << 32 | UInt64(UInt32(bitPattern: note.index)))
        blend(
            UInt64(UInt32(bitPattern: note.round)) << 32
                | UInt64(UInt32(bitPattern: note.attempt)))
        blend(note.number)
        // Heartbeats would drown the rest.
        if note.detail == .heartbeat, keep != .max { return }
        if notes.count < keep {
            notes.append(note)
        } else if keep > 0 {
            notes[next] = note
            next = (next + 1) % keep
        }
    }

    private mutating func blend(_ number: UInt64) {
        digest = (digest ^ number) &* 0x0000_0100_0000_01B3
        digest ^= digest >> 29
    }

    /// Oldest first.
    var lines: [String] { (notes[next...] + notes[..<next]).map(\.text) }
}

extension Note {
    var text: String {
        var line = "\(at) \(kind)"
        if who >= 0 { line += " w\(who)" }
        if detail != .none { line += " \(detail)" }
        if round >= 0 { line += " unit \(round)/\(index)" }
        if attempt >= 0 { line += "#\(attempt)" }
        if number != 0 { line += " \(number)" }
        return line
    }

    mutating func name(_ unit: WorkUnitID, _ lease: Lease? = nil) {
        round = Int32(truncatingIfNeeded: unit.round)
        index = Int32(truncatingIfNeeded: unit.index)
        number = unit.job.number
        if let lease {
            attempt = Int32(truncatingIfNeeded: lease.attempt)
            number ^= lease.epoch << 32
        }
    }

    mutating func name(_ content: Content) {
        switch content {
        case .beat(let running):
            detail = .heartbeat
            number = UInt64(running.count)
        case .other(let parcel): name(parcel.header)
        }
    }

    private mutating func name(_ header: Header) {
        detail = header.kindOfNote
        switch header {
        case .assign(let assign): name(assign.unit, assign.lease)
        case .revoke(let revoke): name(revoke.unit, revoke.lease)
        case .release(let release): name(release.unit, release.lease)
        case .unitFinished(let finished): name(finished.unit, finished.lease)
        case .unitFailed(let failed): name(failed.unit, failed.lease)
        case .accepted(let accepted): number = accepted.job.number
        default: break
        }
    }
}

extension JobID {
    /// Jobs of the simulation are named by numbers.
    var number: UInt64 { UInt64(text.dropFirst()) ?? 0 }

    init(number: Int) { self.init("j\(number)") }
}

extension Header {
    var kindOfNote: HeaderKind {
        switch self {
        case .hello: .hello
        case .welcome: .welcome
        case .refused: .refused
        case .heartbeat: .heartbeat
        case .unitFinished: .unitFinished
        case .unitFailed: .unitFailed
        case .goodbye: .goodbye
        case .assign: .assign
        case .revoke: .revoke
        case .release: .release
        case .drain: .drain
        case .submit: .submit
        case .cancel: .cancel
        case .query: .query
        case .retry: .retry
        case .accepted: .accepted
        case .jobs: .jobs
        case .cluster: .cluster
        default: .other
        }
    }
}
