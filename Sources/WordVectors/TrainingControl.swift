// The two numbers that a running training shares with whoever watches it.

import CKernels

/// Progress out, a wish to stop in. Reading and asking are cheap and may happen on any thread.
public final class TrainingControl: @unchecked Sendable {
    // words done, then the stop flag, a cache line apart
    private let cells: UnsafeMutablePointer<Int64>
    private static let stopCell = 8

    public init() {
        cells = .allocate(capacity: 2 * Self.stopCell)
        cells.initialize(repeating: 0, count: 2 * Self.stopCell)
    }

    deinit {
        cells.deallocate()
    }

    /// Words seen since this control was made, over all threads; about 10,000 behind each.
    public var wordsDone: Int { Int(kernels_counter_load(cells)) }

    /// Ends training after at most about 10,000 more words of each thread.
    public func stop() { kernels_counter_store(stopFlag, 1) }

    public var isStopped: Bool { kernels_counter_load(stopFlag) != 0 }

    func add(_ words: Int) { kernels_counter_add(cells, Int64(words)) }

    var wordCounter: UnsafeMutablePointer<Int64> { cells }
    var stopFlag: UnsafeMutablePointer<Int64> { cells + Self.stopCell }
}
