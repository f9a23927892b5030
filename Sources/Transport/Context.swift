// The one messaging context of a process: its I/O threads, and an end that never hangs.

import CZeroMQ
import Dispatch
import Synchronization

/// Owns the I/O threads. One per process, terminated last: after every socket is closed. Making it
/// also tells the allocator of the process to keep up to 64 MiB of freed memory (see `CZeroMQ`).
public final class Context: @unchecked Sendable {
    let handle: UnsafeMutableRawPointer
    private let isTerminated = Atomic(false)

    /// - Parameters:
    ///   - ioThreads: 1 for a worker, 2 for a coordinator, 4 for one with 8 cores or more.
    ///   - maxSockets: sockets that may be open at once, those of monitors included.
    public init(ioThreads: Int = 1, maxSockets: Int = 64) throws(TransportError) {
        precondition((1...64).contains(ioThreads), "\(ioThreads) I/O threads")
        precondition((1...1_023).contains(maxSockets), "\(maxSockets) sockets")
        czmq_keep_memory()
        guard let handle = zmq_ctx_new() else { throw .last("creating the messaging context") }
        self.handle = handle
        let options = [
            (ZMQ_IO_THREADS, Int32(ioThreads)), (ZMQ_MAX_SOCKETS, Int32(maxSockets)),
            (ZMQ_BLOCKY, 0),
        ]
        for (option, value) in options where zmq_ctx_set(handle, option, value) != 0 {
            throw .last("setting option \(option) of the messaging context")
        }
    }

    deinit { terminate() }

    /// Waits until the I/O threads have ended. Sockets that are still open make their owners'
    /// next call throw `TransportError.terminated`; the wait ends when these have closed them.
    ///
    /// - Returns: false if sockets were still open after `seconds`; the process may exit all the
    ///   same.
    @discardableResult
    public func terminate(withinSeconds seconds: Double = 5) -> Bool {
        guard !isTerminated.exchange(true, ordering: .sequentiallyConsistent) else { return true }
        zmq_ctx_shutdown(handle)
        let done = DispatchSemaphore(value: 0)
        let address = UInt(bitPattern: handle)
        let thread = try? OwnedThread(name: "zmq-term") {
            guard let handle = UnsafeMutableRawPointer(bitPattern: address) else { return }
            while zmq_ctx_term(handle) != 0 && zmq_errno() == czmq_error_interrupted() {}
            done.signal()
        }
        guard let thread else { return false }
        let ended = done.wait(timeout: .now() + seconds) == .success
        if ended { thread.join() }
        return ended
    }
}

extension Context {
    /// The version of the messaging library that is linked.
    public static var libraryVersion: String {
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        zmq_version(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }

    /// Whether that library can encrypt and authenticate.
    public static var hasCurve: Bool { zmq_has("curve") == 1 }
}

extension TransportError {
    /// What the messaging library or the system said last on this thread.
    static func last(_ operation: String) -> TransportError {
        let code = zmq_errno()
        return code == czmq_error_terminated()
            ? .terminated : .system(operation: operation, reason: reason(of: code))
    }

    static func reason(of code: Int32) -> String {
        zmq_strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
}
