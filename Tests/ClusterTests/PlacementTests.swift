// Which unit goes where.

import Cluster
import Protocol
import Testing

@Suite struct PlacementTests {
    private func place(
        _ units: [WorkUnit], homes: [Int: WorkerID] = [:], on vacancies: [Vacancy],
        avoids: (Int, WorkerID) -> Bool = { _, _ in false }
    ) -> [Placed] {
        var queue = ReadyQueue(units) { homes[$0.affinity] }
        var vacancies = vacancies
        return Placement.place(&queue, units: units, on: &vacancies, avoids: avoids)
    }

    private func vacancy(
        _ worker: WorkerID, free: Int = 1, running: Int = 0, kinds: [String] = ["count-words"]
    ) -> Vacancy {
        Vacancy(worker: worker, kinds: kinds, running: running, free: free)
    }

    @Test("the longest unit goes first, to the least busy worker")
    func longest() {
        let placed = place(
            Sample.round([1, 9, 5, 9]).units, on: [vacancy("a", running: 1), vacancy("b", free: 2)])
        #expect(
            placed == [
                Placed(unit: 1, worker: "b"), Placed(unit: 3, worker: "a"),
                Placed(unit: 2, worker: "b"),
            ])
    }

    @Test("units go home before others are placed, and nobody waits for home")
    func homes() {
        let placed = place(
            Sample.round([9, 8, 7, 6]).units, homes: [0: "b", 1: "b", 3: "a", 2: "gone"],
            on: [vacancy("a"), vacancy("b"), vacancy("c")])
        #expect(
            placed == [
                Placed(unit: 3, worker: "a"), Placed(unit: 0, worker: "b"),
                Placed(unit: 1, worker: "c"),
            ])
    }

    @Test("a worker gets only kinds that it lists")
    func kinds() {
        let placed = place(
            Sample.round([9, 8]).units,
            on: [vacancy("a", free: 5, kinds: ["train-words"]), vacancy("b")])
        #expect(placed == [Placed(unit: 0, worker: "b")])
    }

    @Test("a unit that avoids a worker leaves the slot to the next one")
    func avoids() {
        let placed = place(
            Sample.round([9, 8]).units, homes: [0: "a"], on: [vacancy("a")],
            avoids: { unit, worker in unit == 0 && worker == "a" })
        #expect(placed == [Placed(unit: 1, worker: "a")])
    }

    @Test("a unit that waits again is found again")
    func again() {
        let units = Sample.round([3, 2, 1]).units
        var queue = ReadyQueue(units) { _ in nil }
        for expected in 0..<3 {
            let next = queue.first(of: ["count-words"], work: { units[$0].work }) { _ in true }
            #expect(next == expected)
            queue.remove(expected)
        }
        queue.insert(1)
        #expect(queue.first(of: ["count-words"], work: { units[$0].work }) { _ in true } == 1)
        #expect(queue.count == 1)
    }

    @Test("a table keeps the order of insertion through removals")
    func table() {
        var table = Table<Int, String>()
        for key in 0..<100 { table[key] = "\(key)" }
        for key in 0..<100 where key % 3 != 0 { table[key] = nil }
        table[50] = "again"
        table[99]? += "!"
        #expect(table.keys == stride(from: 0, to: 100, by: 3) + [50])
        #expect(table.count == 35)
        #expect(table[99] == "99!")
        #expect(table[1] == nil)
        #expect(table.firstKey == 0)
    }
}
