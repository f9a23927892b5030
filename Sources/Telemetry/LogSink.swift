// Where log lines go: a queue with an end, and one thread that may be kept waiting by its reader.

import Glibc
import Synchronization
public import Transport

/// Lines are handed over and written by a thread of the sink. If nobody reads, or a disk is full,
/// lines beyond the queue are dropped and counted, and nobody who logs is ever kept waiting.
public final class LogSink: Sendable {
    /// Bytes that may wait to be written.
    public static let bytesMax = 256 * 1_024

    private struct State {
        var waiting: [UInt8] = []
        var linesWaiting = 0
        /// Lines that the thread is writing.
        var linesLeaving = 0
        /// Since the last line that said so.
        var droppedSilently = 0
    }

    private let descriptor: Int32
    private let apology: @Sendable (Int) -> String
    private let state = Mutex(State())
    private let dropped = Atomic<Int>(0)
    private let isTorn = Atomic<Bool>(false)
    private let signal: Mailbox<Bool>

    /// - Parameters:
    ///   - descriptor: stays open as long as the process lives.
    ///   - apology: a line that says how many lines were dropped before it.
    public init(
        descriptor: Int32, apology: @escaping @Sendable (Int) -> String
    ) throws(TransportError) {
        self.descriptor = descriptor
        self.apology = apology
        signal = try Mailbox<Bool>()
        // The thread lives as long as the process: somebody may always have a last word.
        _ = try OwnedThread(name: "log", stackBytes: 256 * 1_024) { [self] in
            while true {
                _ = signal.next(timeoutMilliseconds: 60_000)
                writeWaiting()
            }
        }
    }

    /// Lines that nobody will ever read.
    public var linesDropped: Int { dropped.load(ordering: .relaxed) }

    /// Never waits. May be called from any thread.
    public func put(_ line: String) {
        let isFirst = state.withLock { state -> Bool in
            let bytes = line.utf8.count + 1
            guard state.waiting.count + bytes <= Self.bytesMax else {
                state.droppedSilently += 1
                dropped.add(1, ordering: .relaxed)
                return false
            }
            let isFirst = state.waiting.isEmpty
            state.waiting.append(contentsOf: line.utf8)
            state.waiting.append(UInt8(ascii: "\n"))
            state.linesWaiting += 1
            return isFirst
        }
        if isFirst { signal.wake() }
    }

    /// Waits until everything is written, but no longer than that.
    public func flush(withinMilliseconds patience: Int64) {
        let end = monotonicMilliseconds() + patience
        while state.withLock({ $0.linesWaiting + $0.linesLeaving > 0 }) {
            guard monotonicMilliseconds() < end else { return }
            usleep(1_000)
        }
    }

    private func writeWaiting() {
        let (bytes, lines, dropped) = state.withLock { state -> ([UInt8], Int, Int) in
            let dropped = state.droppedSilently
            if dropped > 0 {
                state.waiting.append(contentsOf: apology(dropped).utf8)
                state.waiting.append(UInt8(ascii: "\n"))
            }
            defer {
                state.waiting = []
                state.linesLeaving = state.linesWaiting
                state.linesWaiting = 0
                state.droppedSilently = 0
            }
            return (state.waiting, state.linesWaiting, dropped)
        }
        let isWritten = bytes.isEmpty || writeAll(bytes)
        state.withLock { state in
            state.linesLeaving = 0
            if !isWritten { state.droppedSilently += lines + dropped }
        }
        if !isWritten { self.dropped.add(lines, ordering: .relaxed) }
    }

    /// - Returns: false if the system refused.
    private func writeAll(_ bytes: [UInt8]) -> Bool {
        var bytes = bytes
        if isTorn.exchange(false, ordering: .relaxed) { bytes.insert(UInt8(ascii: "\n"), at: 0) }
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes { bytes in
                write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            }
            if written >= 0 {
                done += written
            } else if errno == EAGAIN {
                // Somebody who shares the descriptor has made it so.
                var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&item, 1, 1_000)
            } else if errno != EINTR {
                // What comes later must not be the end of this line.
                isTorn.store(done > 0 && bytes[done - 1] != 10, ordering: .relaxed)
                return false
            }
        }
        return true
    }
}
