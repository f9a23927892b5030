// Which name speaks on which connection of the listening side.

import Protocol

/// One name for each connection, one connection for each name.
struct PeerTable {
    private var peers: [WorkerID: PeerID] = [:]
    private var names: [PeerID: WorkerID] = [:]

    var count: Int { peers.count }
    var all: [PeerID] { Array(names.keys) }

    func peer(of name: WorkerID) -> PeerID? { peers[name] }
    func name(of peer: PeerID) -> WorkerID? { names[peer] }

    enum Binding: Equatable {
        case asBefore
        /// `former` is what the connection or the name was bound to.
        case new(formerPeer: PeerID?, formerName: WorkerID?)
    }

    mutating func bind(_ name: WorkerID, to peer: PeerID) -> Binding {
        if peers[name] == peer { return .asBefore }
        let formerPeer = peers[name]
        let formerName = names[peer]
        if let formerPeer { names[formerPeer] = nil }
        if let formerName { peers[formerName] = nil }
        peers[name] = peer
        names[peer] = name
        return .new(formerPeer: formerPeer, formerName: formerName)
    }

    @discardableResult
    mutating func forget(_ peer: PeerID) -> WorkerID? {
        guard let name = names.removeValue(forKey: peer) else { return nil }
        peers[name] = nil
        return name
    }
}
