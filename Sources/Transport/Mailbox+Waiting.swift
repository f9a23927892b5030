// Mailboxes for threads that own no socket, and wakes without a message.

import CZeroMQ
import Glibc

extension Mailbox {
    /// Ends a wait on this mailbox although nothing was posted.
    public func wake() { czmq_wake_post(fileDescriptor) }

    /// Waits until something is posted, or for the timeout, and drains.
    public func next(timeoutMilliseconds: Int32) -> [Element] {
        var item = pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&item, 1, timeoutMilliseconds)
        return drain()
    }
}
