// Hears from a socket when its connection is up, lost or refused.

import CZeroMQ
import Synchronization

/// Events of one socket, for the thread that owns it.
public struct ConnectionMonitor: ~Copyable {
    public enum Event: Sendable, Equatable {
        case connected
        case disconnected
        /// The other side is no peer of ours: another protocol, or no permission.
        case handshakeFailed
    }

    private let handle: UnsafeMutableRawPointer
    private static let serial = Atomic(0)

    init(of socket: UnsafeMutableRawPointer, context: Context) throws(TransportError) {
        let number = Self.serial.add(1, ordering: .relaxed).newValue
        let endpoint = "inproc://monitor-\(number)"
        let events =
            ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED
            | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
            | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
        guard zmq_socket_monitor(socket, endpoint, events) == 0 else {
            throw .last("watching a socket")
        }
        handle = try Self.open(endpoint, context: context)
    }

    private static func open(
        _ endpoint: String, context: Context
    ) throws(TransportError) -> UnsafeMutableRawPointer {
        guard let handle = zmq_socket(context.handle, ZMQ_PAIR) else {
            throw .last("watching a socket")
        }
        guard czmq_set_int(handle, ZMQ_LINGER, 0) == 0, zmq_connect(handle, endpoint) == 0 else {
            let error = TransportError.last("watching a socket")
            zmq_close(handle)
            throw error
        }
        return handle
    }

    deinit { zmq_close(handle) }

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
            switch Int32(bytes.0) {
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return .connected
            case ZMQ_EVENT_DISCONNECTED: return .disconnected
            default: return .handshakeFailed
            }
        }
    }
}
