// Which waiting unit goes to which free slot: a function of its arguments and nothing else.

package import Protocol

/// A worker with room for `free` more units.
package struct Vacancy: Sendable, Equatable {
    package let worker: WorkerID
    package let kinds: [String]
    package var running: Int
    package var free: Int

    package init(worker: WorkerID, kinds: [String], running: Int, free: Int) {
        self.worker = worker
        self.kinds = kinds
        self.running = running
        self.free = free
    }
}

package struct Placed: Sendable, Equatable {
    package let unit: Int
    package let worker: WorkerID

    package init(unit: Int, worker: WorkerID) {
        self.unit = unit
        self.worker = worker
    }
}

package enum Placement {
    /// Takes units from `queue` and slots from `vacancies` until one of them has no match left.
    ///
    /// First every worker gets the units whose data it holds; then the longest unit goes to the
    /// least busy worker, so that no slot stays empty while a unit waits that it could run.
    /// `avoids` says that a unit would rather wait for another worker.
    package static func place(
        _ queue: inout ReadyQueue, units: [WorkUnit], on vacancies: inout [Vacancy],
        avoids: (Int, WorkerID) -> Bool
    ) -> [Placed] {
        var placed: [Placed] = []
        for position in vacancies.indices {
            let (worker, kinds) = (vacancies[position].worker, vacancies[position].kinds)
            while vacancies[position].free > 0, queue.count > 0,
                let unit = queue.first(
                    atHome: worker,
                    where: { kinds.contains(units[$0].task.kind) && !avoids($0, worker) })
            {
                take(unit, from: &queue, at: position, of: &vacancies, into: &placed)
            }
        }
        var open = vacancies.indices.filter { vacancies[$0].free > 0 }
        while queue.count > 0, !open.isEmpty {
            open.sort { (vacancies[$0].running, $0) < (vacancies[$1].running, $1) }
            open = open.filter { position in
                let vacancy = vacancies[position]
                guard
                    let unit = queue.first(
                        of: vacancy.kinds, work: { units[$0].work },
                        where: { !avoids($0, vacancy.worker) })
                else { return false }
                take(unit, from: &queue, at: position, of: &vacancies, into: &placed)
                return vacancies[position].free > 0
            }
        }
        return placed
    }

    private static func take(
        _ unit: Int, from queue: inout ReadyQueue, at position: Int,
        of vacancies: inout [Vacancy], into placed: inout [Placed]
    ) {
        queue.remove(unit)
        vacancies[position].running += 1
        vacancies[position].free -= 1
        placed.append(Placed(unit: unit, worker: vacancies[position].worker))
    }
}
