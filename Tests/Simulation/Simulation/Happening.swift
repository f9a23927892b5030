// The kinds of things that happen in the simulated world.

import Cluster
import Protocol

/// Plain numbers, so that the agenda is cheap: `life` is that of the coordinator, messages and
/// answers wait in slabs.
enum Happening {
    case arrives(letter: Int32)
    case workerWakes(Int32)
    case workerComputes(Int32, serial: Int32)
    case workerBorn
    case workerConnects(Int32)
    case clientWakes(Int32)
    case clientConnects(Int32)

    case coordinatorStarts
    case coordinatorTurns(life: Int32)
    case coordinatorWakes(life: Int32)
    case committed(life: Int32)
    case storeEnds(life: Int32, serial: Int32)

    case disaster
    case cut(link: Int32, forMilliseconds: Int32)
    case heal
    /// Everything has to be done by now.
    case deadline
    /// Is it quiet yet?
    case inspection
}

/// A message on its way.
struct Letter {
    var link: Int32
    var isUp: Bool
    /// Said before.
    var isEcho = false
    /// An echo that comes over the connection that its process has now.
    var isMoved = false
    var request: UInt64
    var content: Content
}

/// A header, small enough to be passed on by the million: nearly all are heartbeats.
enum Content {
    final class Parcel: Sendable {
        let header: Header
        init(_ header: Header) { self.header = header }
    }

    case beat([RunningUnit])
    case other(Parcel)

    init(_ header: Header) {
        if case .heartbeat(let heartbeat) = header {
            self = .beat(heartbeat.running)
        } else {
            self = .other(Parcel(header))
        }
    }

    var header: Header {
        switch self {
        case .beat(let running): .heartbeat(Heartbeat(running: running))
        case .other(let parcel): parcel.header
        }
    }
}

enum Owner: Equatable {
    case worker(Int)
    case client(Int)
}

/// One connection between a worker or client and the coordinator; a lost one is never used again.
struct Link {
    let owner: Owner
    var isOpen = true
    /// Until then what is sent in a direction is lost.
    var upCutUntil: Int64 = 0
    var downCutUntil: Int64 = 0
    /// Until then nothing comes out, and nothing is lost.
    var clogUntil: Int64 = 0
    /// So that messages do not overtake each other.
    var upArrivesAt: Int64 = 0
    var downArrivesAt: Int64 = 0
    /// In the queue of the coordinator's socket; more than it takes is dropped.
    var queuedDown = 0
}

/// Earlier messages of a process, of all its connections, that may come again.
struct Recorder {
    private static let countMax = 24
    private var letters: [Letter] = []
    private var next = 0

    mutating func note(_ letter: Letter) {
        if letters.count < Self.countMax {
            letters.append(letter)
        } else {
            letters[next] = letter
            next = (next + 1) % Self.countMax
        }
    }

    func any(_ chance: inout Chance) -> Letter? {
        letters.isEmpty ? nil : letters[chance.below(letters.count)]
    }
}
