// Plain threads for long loops over text, and the gate that puts their results in order.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import Synchronization
import Tensors

enum TextThreads {
    /// Runs `body(0) … body(count - 1)`, each on a thread of its own, and waits for all. These
    /// loops last for seconds, so they stay off the cooperative pool. The first error stops the
    /// others through `failure`, which they ask now and then.
    static func run(
        _ count: Int, _ body: @escaping @Sendable (Int, ThreadFailure) throws(FileError) -> Void
    ) throws(FileError) {
        precondition(count > 0, "\(count) threads")
        let failure = ThreadFailure()
        let work: @Sendable (Int) -> Void = { index in
            do throws(FileError) { try body(index, failure) } catch { failure.record(error) }
        }
        let threads = (1 ..< count).map { index in start { work(index) } }
        work(0)
        for (offset, thread) in threads.enumerated() {
            // A thread that could not be started leaves its share to this one.
            if let thread { pthread_join(thread, nil) } else { work(offset + 1) }
        }
        if let error = failure.error { throw error }
    }

    private final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private static func start(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
        let box = Unmanaged.passRetained(Box(body))
        #if canImport(Darwin)
        var thread: pthread_t?
        let status = pthread_create(&thread, nil, { argument in
            Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, box.toOpaque())
        #else
        var thread = pthread_t()
        let status = pthread_create(&thread, nil, { argument in
            if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
            return nil
        }, box.toOpaque())
        #endif
        guard status == 0 else {
            box.release()
            return nil
        }
        return thread
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
