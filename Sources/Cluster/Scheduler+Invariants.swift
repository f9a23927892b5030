// What must hold between any two events; the simulator asks after each.

import Protocol

extension Scheduler {
    /// Traps with the values if the scheduler contradicts itself.
    public func checkInvariants() {
        workers.forEach { id, worker in checkWorker(id, worker) }
        jobs.forEach { _, job in checkJob(job) }
        precondition(workers.count <= Limits.workersMax, "\(workers.count) workers")
        precondition(jobs.count <= Limits.jobsQueuedMax, "\(jobs.count) jobs")
        precondition(history.count <= policy.historyMax, "\(history.count) ended jobs")
        precondition(
            jobsByKey.count <= jobs.count + history.count, "\(jobsByKey.count) keys")
    }

    private func checkWorker(_ id: WorkerID, _ worker: WorkerRecord) {
        precondition(
            worker.running.count <= worker.capabilities.slots,
            "\(id) runs \(worker.running.count) units in \(worker.capabilities.slots) slots")
        precondition(worker.unfetched >= 0, "\(id) has \(worker.unfetched) unfetched units")
        for tenure in worker.running {
            guard let unit = record(of: tenure.unit) else {
                preconditionFailure("\(id) runs \(tenure.unit), which does not exist")
            }
            precondition(
                unit.state == .assigned(id) && unit.lease == tenure.lease,
                "\(id) runs \(tenure.unit), which is \(unit.state) under \(unit.lease as Any)")
        }
    }

    private func checkJob(_ job: JobRecord) {
        precondition(history[job.id] == nil, "\(job.id) runs and is over")
        precondition(jobsByKey[job.key] == job.id, "\(job.id) is not found by \(job.key)")
        guard let round = job.round else {
            precondition(job.phase == .queued || job.phase == .planning, "\(job.id): no round")
            return
        }
        var (done, delayed, waiting) = (0, 0, 0)
        for (index, unit) in round.units.enumerated() {
            let id = WorkUnitID(job: job.id, round: round.number, index: index)
            switch unit.state {
            case .done: done += 1
            case .delayed: delayed += 1
            case .waiting: waiting += 1
            case .assigned(let worker):
                precondition(
                    unit.lease.flatMap { workers[worker]?.position(of: id, $0) } != nil,
                    "\(id) is assigned to \(worker), which does not run it")
            case .fetching(let worker, _):
                precondition(workers[worker]?.unfetched ?? 0 > 0, "\(id) is fetched from nowhere")
            }
            precondition(
                round.queue.contains(index) == (unit.state == .waiting),
                "\(id) is \(unit.state) but its place in the queue says otherwise")
            precondition(
                unit.lease.map { $0.attempt == unit.attempts } ?? true,
                "\(id) had \(unit.attempts) attempts but holds \(unit.lease as Any)")
        }
        precondition(done == round.done, "\(job.id): \(done) units done, \(round.done) counted")
        precondition(delayed == round.delayed.count, "\(job.id): \(delayed) units delayed")
        precondition(waiting == round.queue.count, "\(job.id): \(waiting) units waiting")
        precondition(
            (job.phase == .reducing) == (done == round.units.count), "\(job.id): \(job.phase)")
    }
}
