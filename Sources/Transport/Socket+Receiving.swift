// Taking messages from a socket, with bounded frames and without copying the large ones.

import CZeroMQ
public import Protocol

extension Socket {
    /// The next message that has arrived; nil if there is none. `peer` is set on a router.
    ///
    /// A message of more than `Limits.framesPerMessageMax` frames, or from a peer that chose its
    /// own id, is dropped and counted; none of its bytes are kept.
    public mutating func receive()
        throws(TransportError) -> (peer: PeerID?, frames: [Frame])?
    {
        try receiveSigned().map { ($0.peer, $0.frames) }
    }

    /// The same, with the key of whoever sent it; nil where no keys are in use.
    public mutating func receiveSigned()
        throws(TransportError) -> (peer: PeerID?, key: PublicKey?, frames: [Frame])?
    {
        // A flood of bad messages must not keep the loop from its other work.
        for _ in 0..<64 {
            guard let message = try receiveAny() else { return nil }
            if case .good(let peer, let key, let frames) = message { return (peer, key, frames) }
            dropped += 1
        }
        return nil
    }

    private enum Incoming {
        case good(PeerID?, PublicKey?, [Frame])
        case bad
    }

    private func receiveAny() throws(TransportError) -> Incoming? {
        guard var part = try IncomingPart(from: handle) else { return nil }
        var peer: PeerID?
        if kind == .router {
            peer = part.withUnsafeBytes { PeerID($0) }
            guard peer != nil, let next = try part.next() else {
                try part.dropRest()
                return .bad
            }
            part = next
        }
        // The library says who it was on the frames that he sent, not on the one with his id.
        let key = kind == .router ? part.sender : nil
        deliveries?.note(part.descriptor)
        var frames: [Frame] = []
        while true {
            let next = try part.next()
            frames.append(part.frame())
            guard let next else { return .good(peer, key, frames) }
            guard frames.count < Limits.framesPerMessageMax else {
                try next.dropRest()
                return .bad
            }
            part = next
        }
    }
}

/// One frame of the library, in memory that does not move. Closed when nobody holds it.
private final class IncomingPart: @unchecked Sendable {
    /// Smaller frames share a buffer of the library with their neighbours: a copy lets go of it.
    private static let copiedBytesMax = 4_096

    private let message: UnsafeMutablePointer<zmq_msg_t>
    private let socket: UnsafeMutableRawPointer

    /// Nil if no message waits.
    init?(from socket: UnsafeMutableRawPointer) throws(TransportError) {
        self.socket = socket
        message = .allocate(capacity: 1)
        zmq_msg_init(message)
        while zmq_msg_recv(message, socket, ZMQ_DONTWAIT) < 0 {
            let code = zmq_errno()
            if code == czmq_error_interrupted() { continue }
            if code == czmq_error_again() { return nil }
            throw .last("receiving")
        }
    }

    deinit {
        zmq_msg_close(message)
        message.deallocate()
    }

    /// The frame after this one in the same message; nil if this is the last.
    func next() throws(TransportError) -> IncomingPart? {
        zmq_msg_more(message) != 0 ? try IncomingPart(from: socket) : nil
    }

    func dropRest() throws(TransportError) {
        var part = self
        while let next = try part.next() { part = next }
    }

    /// The key that the doorkeeper let in.
    var sender: PublicKey? {
        zmq_msg_gets(message, "User-Id").flatMap { PublicKey(z85: $0) }
    }

    /// Of the connection that it came over; -1 if the library does not know.
    var descriptor: Int32 { zmq_msg_get(message, ZMQ_SRCFD) }

    func withUnsafeBytes<T>(_ body: (UnsafeRawBufferPointer) -> T) -> T {
        body(UnsafeRawBufferPointer(start: zmq_msg_data(message), count: zmq_msg_size(message)))
    }

    func frame() -> Frame {
        withUnsafeBytes { bytes in
            guard bytes.count > Self.copiedBytesMax else { return Frame(bytes) }
            return Frame(bytes) { _ in withExtendedLifetime(self) {} }
        }
    }
}
