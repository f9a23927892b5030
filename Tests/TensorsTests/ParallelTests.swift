// Fork and join: ranges, order of results, errors.

import Tensors
import Testing

@Suite("Parallel")
struct ParallelTests {
    @Test("ranges cover the count once, in order, evenly")
    func ranges() {
        for count in 0...20 {
            for threads in 1...8 {
                let ranges = Parallel.ranges(of: count, threads: threads)
                #expect(ranges.flatMap { Array($0) } == Array(0..<count))
                #expect(ranges.count == min(count, threads))
                let sizes = ranges.map(\.count)
                #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
            }
        }
    }

    @Test("results stand in the order of the items")
    func order() {
        let squares = Parallel.map(Array(0..<50)) { index, item in
            index == item ? item * item : -1
        }
        #expect(squares == (0..<50).map { $0 * $0 })
    }

    private enum Trouble: Error, Equatable { case at(Int) }

    @Test("the error of the lowest range is thrown")
    func errors() {
        #expect(throws: Trouble.at(2)) {
            _ = try Parallel.map(count: 8, threads: 4) { (range) throws(Trouble) -> Int in
                if range.lowerBound >= 2 { throw Trouble.at(range.lowerBound) }
                return 0
            }
        }
    }
}
