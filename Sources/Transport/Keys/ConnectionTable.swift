// The open connections of one listening socket, and which of them are to be ended.

import CZeroMQ

/// Of one listening socket, for the doorkeeper's thread.
struct ConnectionTable {
    private struct Connection {
        /// ADDRESS:PORT; nil for a Unix socket, or where the connection was gone already.
        let peer: String?
        var deliveries: UInt32
        /// Bytes that had come when the last whole message was taken.
        var bytesBefore: Int64
    }

    private let marks: DeliveryMarks
    /// Bytes that a connection may send without completing a message that we take.
    private let bytesMax: Int64
    private var connections: [Int32: Connection] = [:]
    /// Handshakes that have failed: their connections are the next to end. (With several I/O
    /// threads at once two may change places, which at worst swaps two lines of the log.)
    private var failures: [ConnectionMonitor.Failure] = []

    init(plane: Socket.Plane, marks: DeliveryMarks) {
        self.marks = marks
        // Far more than any peer of ours has under way, which is 8 chunks, or a few headers.
        bytesMax = plane == .control ? 32 << 20 : 64 << 20
    }

    var count: Int { connections.count }

    mutating func open(_ descriptor: Int32) {
        connections[descriptor] = Connection(
            peer: Self.peer(of: descriptor), deliveries: marks.count(of: descriptor),
            bytesBefore: 0)
    }

    mutating func noteFailure(_ failure: ConnectionMonitor.Failure) { failures.append(failure) }

    /// - Returns: whose handshake it was that has failed, if it was this one's.
    mutating func close(
        _ descriptor: Int32
    ) -> (peer: String?, failure: ConnectionMonitor.Failure)? {
        let connection = connections.removeValue(forKey: descriptor)
        return failures.isEmpty ? nil : (connection?.peer, failures.removeFirst())
    }

    /// Ends the connections that only fill our memory: the library collects a message of any
    /// number of frames before it hands out the first.
    ///
    /// - Returns: whose they were.
    mutating func endTheEndless() -> [String] {
        var ended: [String] = []
        for (descriptor, connection) in connections {
            guard let peer = connection.peer, case let bytes = czmq_bytes_received(descriptor),
                bytes >= 0
            else { continue }
            let deliveries = marks.count(of: descriptor)
            if deliveries != connection.deliveries {
                connections[descriptor]?.deliveries = deliveries
                connections[descriptor]?.bytesBefore = bytes
            } else if bytes - connection.bytesBefore > bytesMax {
                connections[descriptor]?.bytesBefore = bytes
                if end(descriptor) { ended.append(peer) }
            }
        }
        return ended
    }

    /// - Returns: false if the connection is gone and its number belongs to another.
    func end(_ descriptor: Int32) -> Bool {
        guard let connection = connections[descriptor], let peer = connection.peer,
            Self.peer(of: descriptor) == peer
        else { return false }
        return czmq_end_connection(descriptor) == 0
    }

    private static func peer(of descriptor: Int32) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let name = buffer.baseAddress, czmq_peer_name(descriptor, name, 64) == 0 else {
                return nil
            }
            return String(cString: name)
        }
    }
}
