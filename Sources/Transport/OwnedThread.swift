// A named system thread with an end that can be waited for; signals are handled elsewhere.

import CZeroMQ
import Glibc
import Synchronization

/// A thread that runs `body` once. All signals that have a handler elsewhere are blocked in it.
public final class OwnedThread: Sendable {
    private final class Start {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    public let name: String
    /// Nil once joined or detached.
    private let handle: Mutex<pthread_t?>

    /// - Parameters:
    ///   - name: the first 15 bytes show in `ps -L` and in debuggers.
    ///   - stackBytes: nil takes the system's default (8 MiB as a rule).
    public init(
        name: String, stackBytes: Int? = nil, body: @escaping @Sendable () -> Void
    ) throws(TransportError) {
        self.name = name
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        if let stackBytes, pthread_attr_setstacksize(&attributes, stackBytes) != 0 {
            throw .system(
                operation: "starting thread \(name)",
                reason: "a stack of \(stackBytes) bytes is not possible; 16 KiB is the least")
        }
        let start = Unmanaged.passRetained(Start(name: String(name.prefix(15)), body: body))
        // A new thread inherits the mask, so there is no moment in which it takes a signal.
        var before = sigset_t()
        czmq_block_signals(&before)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                _ = czmq_name_thread(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        czmq_restore_signals(&before)
        guard code == 0 else {
            start.release()
            throw .system(
                operation: "starting thread \(name)", reason: TransportError.reason(of: code))
        }
        handle = Mutex(thread)
    }

    deinit { take().map { _ = pthread_detach($0) } }

    /// Waits for the end of `body`; from within `body` it returns at once. Further calls return
    /// at once, also while the first still waits.
    public func join() {
        guard let thread = take() else { return }
        if pthread_equal(thread, pthread_self()) != 0 {
            pthread_detach(thread)
        } else {
            pthread_join(thread, nil)
        }
    }

    private func take() -> pthread_t? {
        handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
    }
}
