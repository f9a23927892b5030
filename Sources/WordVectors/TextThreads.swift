// Plain threads for long loops over text, and the gate that puts their results in order.

import Files
import Synchronization
import Tensors

enum TextThreads {
    /// Runs `body(0) … body(count - 1)`, each on a thread of its own, and waits for all. These
    /// loops last for seconds, so they stay off the cooperative pool. The first error stops the
    /// others through `failure`, which they ask now and then.
    static func run(
        _ count: Int, _ body: (Int, ThreadFailure) throws(FileError) -> Void
    ) throws(FileError) {
        precondition(count > 0, "\(count) threads")
        let failure = ThreadFailure()
        _ = Parallel.map(Array(0..<count)) { _, index in
            do throws(FileError) { try body(index, failure) } catch { failure.record(error) }
        }
        if let error = failure.error { throw error }
    }
}

/// The first error of a group of threads.
final class ThreadFailure: Sendable {
    private let first = Mutex<FileError?>(nil)
    private let flag = Atomic<Bool>(false)

    /// Whether the others may stop.
    var hasFailed: Bool { flag.load(ordering: .relaxed) }
    var error: FileError? { first.withLock { $0 } }

    func record(_ error: FileError) {
        first.withLock { if $0 == nil { $0 = error } }
        flag.store(true, ordering: .relaxed)
    }
}

/// Shared by a long scan and whoever watches it.
public final class TextProgress: Sendable {
    private let done = Atomic<Int>(0)
    private let cancelled = Atomic<Bool>(false)

    public init() {}

    /// Bytes of corpus done so far. Any thread.
    public var bytesDone: Int { done.load(ordering: .relaxed) }

    /// Makes the scan end with `.cancelled` within a block. Any thread.
    public func cancel() { cancelled.store(true, ordering: .relaxed) }

    func add(_ bytes: Int) throws(FileError) {
        done.add(bytes, ordering: .relaxed)
        if cancelled.load(ordering: .relaxed) { throw .cancelled }
    }
}
