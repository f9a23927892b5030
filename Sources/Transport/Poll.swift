// Waiting for sockets and mailboxes at once.

import CZeroMQ

public enum Poll {
    /// Something that becomes readable. Valid as long as the socket or mailbox that made it.
    public struct Source {
        fileprivate let item: zmq_pollitem_t

        init(socket: UnsafeMutableRawPointer) {
            item = zmq_pollitem_t(socket: socket, fd: -1, events: Int16(ZMQ_POLLIN), revents: 0)
        }

        init(descriptor: Int32) {
            item = zmq_pollitem_t(
                socket: nil, fd: descriptor, events: Int16(ZMQ_POLLIN), revents: 0)
        }
    }

    /// Waits until one of `sources` is readable, or for the timeout; a signal does not end it.
    ///
    /// - Returns: for each source whether it is readable.
    /// - Throws: `TransportError.terminated` once the context is.
    @discardableResult
    public static func wait(
        _ sources: [Source], timeoutMilliseconds: Int
    ) throws(TransportError) -> [Bool] {
        precondition(timeoutMilliseconds >= 0, "a wait of \(timeoutMilliseconds) ms")
        let end = MonotonicClock.seconds + Double(timeoutMilliseconds) / 1_000
        var items = sources.map(\.item)
        var left = timeoutMilliseconds
        while zmq_poll(&items, Int32(items.count), left) < 0 {
            guard zmq_errno() == czmq_error_interrupted() else { throw .last("waiting") }
            left = max(0, Int(((end - MonotonicClock.seconds) * 1_000).rounded(.up)))
        }
        return items.map { $0.revents != 0 }
    }
}
