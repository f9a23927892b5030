// The way into a loop that waits on sockets: a queue, and a descriptor that wakes the wait.

import CZeroMQ
import Glibc
import Synchronization

/// Any thread posts, one thread drains. Its length is for the posters to bound.
public final class Mailbox<Element: Sendable>: Sendable {
    private struct State {
        var queue: [Element] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    /// Readable while there is something to drain.
    public let fileDescriptor: Int32

    public init() throws(TransportError) {
        fileDescriptor = czmq_wake_open()
        guard fileDescriptor >= 0 else { throw .last("opening a mailbox") }
    }

    deinit { Glibc.close(fileDescriptor) }

    /// For `Poll.wait`.
    public var readable: Poll.Source { Poll.Source(descriptor: fileDescriptor) }

    /// - Returns: false if the mailbox is closed; nobody will see the element.
    @discardableResult
    public func post(_ element: Element) -> Bool {
        let (isOpen, wasEmpty) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.queue.append(element)
            return (true, state.queue.count == 1)
        }
        if wasEmpty { czmq_wake_post(fileDescriptor) }
        return isOpen
    }

    /// Everything posted so far, in order.
    public func drain() -> [Element] {
        // Cleared first: a post between the two lines then wakes once too often, never too seldom.
        czmq_wake_clear(fileDescriptor)
        return state.withLock { state in
            defer { state.queue = [] }
            return state.queue
        }
    }

    /// Refuses further posts, and hands out what nobody drained.
    public func close() -> [Element] {
        state.withLock { state in
            defer { state = State(queue: [], isClosed: true) }
            return state.queue
        }
    }
}
