// Fork and join: splits a count into ranges and runs each on a thread of its own.

import Glibc

/// Compute threads for the length of one call. They are plain pthreads, because minutes of
/// arithmetic on Swift's cooperative pool would starve every task of the process.
public enum Parallel {
    /// `0..<count` as at most `threads` consecutive ranges, none empty, sizes differing by one at
    /// most; no range at all when `count` is zero.
    public static func ranges(of count: Int, threads: Int) -> [Range<Int>] {
        precondition(count >= 0 && threads >= 1, "\(count) items on \(threads) threads")
        let parts = min(count, threads)
        guard parts > 0 else { return [] }
        let (size, extra) = count.quotientAndRemainder(dividingBy: parts)
        return (0..<parts).map { part in
            let begin = part * size + min(part, extra)
            return begin..<(begin + size + (part < extra ? 1 : 0))
        }
    }

    /// Runs `body` once for every range of `ranges(of:threads:)` at the same time and returns the
    /// results in order of the ranges. When bodies throw, the error of the lowest range is thrown
    /// after all have ended.
    public static func map<Result: Sendable, Failure: Error>(
        count: Int, threads: Int, _ body: (Range<Int>) throws(Failure) -> Result
    ) throws(Failure) -> [Result] {
        try map(ranges(of: count, threads: threads)) { (_, range) throws(Failure) in
            try body(range)
        }
    }

    /// Runs `body(index, item)` for every item at the same time, a thread each, and returns the
    /// results in order of the items; errors as above.
    public static func map<Item: Sendable, Result: Sendable, Failure: Error>(
        _ items: [Item], _ body: (Int, Item) throws(Failure) -> Result
    ) throws(Failure) -> [Result] {
        let slots = UnsafeMutableBufferPointer<Swift.Result<Result, Failure>?>.allocate(
            capacity: items.count)
        slots.initialize(repeating: nil)
        defer {
            slots.deinitialize()
            slots.deallocate()
        }
        // The closure outlives no thread: `fork` joins them all before it returns.
        withoutActuallyEscaping(body) { body in
            fork(items.count) { index in
                do throws(Failure) {
                    slots[index] = .success(try body(index, items[index]))
                } catch {
                    slots[index] = .failure(error)
                }
            }
        }
        var results: [Result] = []
        for case let slot? in slots { results.append(try slot.get()) }
        return results
    }

    /// The last piece runs on the calling thread, and so does a piece whose thread the system
    /// refuses to start.
    private static func fork(_ count: Int, _ body: @escaping (Int) -> Void) {
        var threads: [pthread_t] = []
        for index in 0..<max(count - 1, 0) {
            if let thread = start({ body(index) }) { threads.append(thread) } else { body(index) }
        }
        if count > 0 { body(count - 1) }
        for thread in threads { pthread_join(thread, nil) }
    }

    private final class Work {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    private static func start(_ run: @escaping () -> Void) -> pthread_t? {
        let work = Unmanaged.passRetained(Work(run))
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, { argument in
            if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run() }
            return nil
        }, work.toOpaque())
        guard code == 0 else {
            work.release()
            return nil
        }
        return thread
    }
}
