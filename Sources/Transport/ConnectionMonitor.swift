// Hears from a socket when its connections are up, lost or refused.

import CZeroMQ
import Synchronization

/// Events of one socket, for one thread. Valid as long as whoever opened it keeps it.
public struct ConnectionMonitor {
    public enum Event: Sendable, Equatable {
        /// A connection without a handshake yet: a dealer has reached somebody.
        case reached
        /// A dealer has reached nobody this time; it tries again by itself.
        case unreached
        /// The handshake is done: messages can go.
        case connected
        /// `descriptor` was, a moment ago, that of the connection.
        case disconnected(descriptor: Int32)
        /// The other side is no peer of ours: another protocol, or no permission.
        case handshakeFailed(Failure)
        /// Somebody has reached a listening socket, and has shown nothing yet.
        case accepted(descriptor: Int32)
        /// Somebody could not be let in, for want of descriptors as a rule.
        case acceptFailed
    }

    public enum Failure: Sendable, Equatable {
        /// By the status of ZAP (ZeroMQ RFC 27): 400 for a key that is not let in.
        case refused(status: Int)
        /// One side uses keys and the other does not.
        case otherMechanism
        /// What came made no sense; a dealer does not try again.
        case nonsense
        /// The connection ended, or nothing came in time.
        case brokenOff
    }

    let handle: UnsafeMutableRawPointer
    private static let serial = Atomic(0)
    /// An I/O thread waits while it has events that nobody takes.
    private static let eventsMax: Int32 = 100_000

    private static let events =
        ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED
        | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
        | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_ACCEPT_FAILED
        | ZMQ_EVENT_CONNECT_RETRIED

    /// To be called by the thread that owns `socket`.
    ///
    /// - Returns: where its events can be heard, by any thread.
    static func announce(_ socket: UnsafeMutableRawPointer) throws(TransportError) -> String {
        let endpoint = "inproc://monitor-\(serial.add(1, ordering: .relaxed).newValue)"
        guard zmq_socket_monitor(socket, endpoint, events) == 0 else {
            throw .last("watching a socket")
        }
        return endpoint
    }

    /// Belongs to the calling thread, which closes it after the socket that it hears.
    init(of endpoint: String, context: Context) throws(TransportError) {
        guard let handle = zmq_socket(context.handle, ZMQ_PAIR) else {
            throw .last("watching a socket")
        }
        guard czmq_set_int(handle, ZMQ_LINGER, 0) == 0,
            czmq_set_int(handle, ZMQ_RCVHWM, Self.eventsMax) == 0,
            zmq_connect(handle, endpoint) == 0
        else {
            let error = TransportError.last("watching a socket")
            zmq_close(handle)
            throw error
        }
        self.handle = handle
    }

    func close() { zmq_close(handle) }

    /// For `Poll.wait`.
    public var readable: Poll.Source { Poll.Source(socket: handle) }

    /// The next event; nil if there is none.
    public func next() throws(TransportError) -> Event? {
        while true {
            // Two frames: the event as 16 bits with a value of 32, and the address.
            var bytes: (UInt16, UInt16, UInt16) = (0, 0, 0)
            let count = zmq_recv(handle, &bytes, 6, ZMQ_DONTWAIT)
            if count < 0 {
                let code = zmq_errno()
                if code == czmq_error_interrupted() { continue }
                if code == czmq_error_again() { return nil }
                throw .last("watching a socket")
            }
            var address: UInt64 = 0
            _ = zmq_recv(handle, &address, 8, ZMQ_DONTWAIT)
            let value = UInt32(bytes.1) | UInt32(bytes.2) << 16
            if let event = Self.event(Int32(bytes.0), value) { return event }
        }
    }

    private static func event(_ kind: Int32, _ value: UInt32) -> Event? {
        switch kind {
        case ZMQ_EVENT_CONNECTED: .reached
        case ZMQ_EVENT_CONNECT_RETRIED: .unreached
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: .connected
        case ZMQ_EVENT_DISCONNECTED: .disconnected(descriptor: Int32(truncatingIfNeeded: value))
        case ZMQ_EVENT_ACCEPTED: .accepted(descriptor: Int32(truncatingIfNeeded: value))
        case ZMQ_EVENT_ACCEPT_FAILED: .acceptFailed
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: .handshakeFailed(.refused(status: Int(value)))
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
            .handshakeFailed(
                value == UInt32(ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH)
                    ? .otherMechanism : .nonsense)
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: .handshakeFailed(.brokenOff)
        default: nil
        }
    }
}
