// The figures that the cluster must reach, in simulated time.

import Simulation
import Testing

@Suite struct FigureTests {
    @Test("1: 11.5 % of 200 workers killed at once cost at most 5 % of the time")
    func killed() {
        let extra = Figure.killed.measure(runs: 3)
        #expect(extra.mean <= 5, "\(extra)")
        #expect(extra.most <= 8, "\(extra)")
    }

    @Test("1: a worker's death is noticed within 10 s and its unit runs elsewhere within 12 s")
    func noticed() {
        let notice = Figure.noticed.measure(runs: 6)
        #expect(notice.values.count >= 50)
        #expect(notice.percentile(99) <= 10, "\(notice)")
        let elsewhere = Figure.elsewhere.measure(runs: 6)
        #expect(elsewhere.values.count >= 50)
        #expect(elsewhere.percentile(99) <= 12, "\(elsewhere)")
    }

    @Test("51: 10,000 workers are back within 60 s of a restart of the coordinator")
    func reconnected() {
        let back = Figure.reconnected.measure(runs: 1)
        #expect(back.most <= 60, "\(back)")
    }

    @Test("5: 5 % of 200 workers ten times slower cost at most 10 % of the time")
    func slow() {
        let extra = Figure.slow.measure(runs: 10)
        #expect(extra.mean <= 10, "\(extra)")
    }
}
