// The best of many, whatever the order they come in.

import Retrieval
import TestSupport
import Testing

@Suite("The best of many")
struct TopKTests {
    @Test("keeps what sorting everything would keep, in any order", arguments: [0, 1, 7, 100, 999])
    func sorting(k: Int) {
        var numbers = Numbers(k + 1)
        // Few scores, so that most candidates are tied.
        var all = (0..<500).map { number in
            TopK.Entry(
                number: UInt32(number), score: Float(Int.random(in: -3...3, using: &numbers)))
        }
        let expected = Array(all.sorted { $0.isBetter(than: $1) }.prefix(k))
        for _ in 0..<5 {
            all.shuffle(using: &numbers)
            var best = TopK(k, of: all.count)
            for entry in all { best.insert(entry.number, score: entry.score) }
            #expect(best.sorted() == expected)
        }
    }

    @Test("makes no room for more than there are")
    func room() {
        #expect(TopK(1 << 31, of: 12).capacity == 12)
        #expect(TopK(Int.max, of: 0).capacity == 0)
        #expect(TopK(-5, of: 10).capacity == 0)
    }

    @Test("its threshold is the worst score it keeps once it is full")
    func threshold() {
        var best = TopK(2, of: 10)
        #expect(best.threshold == -.infinity)
        best.insert(4, score: 1)
        best.insert(9, score: 3)
        #expect(best.threshold == 1)
        best.insert(3, score: 1)
        #expect(best.sorted().map(\.number) == [9, 3])
        #expect(TopK(0, of: 10).threshold == .infinity)
    }

    @Test("keeps no NaN, and keeps infinities in their order")
    func unusual() {
        var best = TopK(3, of: 10)
        best.insert(1, score: .nan)
        for (number, score) in [(2, -Float.infinity), (3, .infinity), (4, 0)] {
            best.insert(UInt32(number), score: score)
        }
        best.insert(5, score: .nan)
        #expect(best.sorted().map(\.number) == [3, 4, 2])
    }

    @Test("the best of two halves are the best of all")
    func union() {
        var left = TopK(3, of: 10)
        var right = TopK(3, of: 10)
        for number in 0..<5 { left.insert(UInt32(number), score: Float(number % 3)) }
        for number in 5..<10 { right.insert(UInt32(number), score: Float(number % 3)) }
        left.insert(contentsOf: right)
        #expect(left.sorted().map(\.number) == [2, 5, 8])
    }
}
