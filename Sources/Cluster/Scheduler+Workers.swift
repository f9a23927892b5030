// Workers that come, report, fall silent and go.

public import Protocol

extension Scheduler {
    /// WELCOME or REFUSED: the shell sends it, and hands in `workerJoined` after a WELCOME to a
    /// worker.
    public func answer(to hello: Hello, softwareVersion: String) -> Header {
        if let fault = hello.mismatch(with: softwareVersion) {
            return .refused(Refused(fault: fault))
        }
        if hello.role == .worker, workers[hello.name] == nil,
            workers.count >= Limits.workersMax
        {
            return .refused(
                Refused(
                    fault: Fault(
                        .temporary,
                        "the cluster has \(Limits.workersMax) workers, which is its limit; "
                            + "stop some before starting more", retryable: true)))
        }
        return .welcome(
            Welcome(
                epoch: epoch, softwareVersion: softwareVersion,
                heartbeatMilliseconds: policy.heartbeatMilliseconds,
                livenessMilliseconds: policy.livenessMilliseconds))
    }

    mutating func join(_ worker: WorkerID, _ capabilities: Capabilities, at now: Moment) {
        if let record = workers[worker] {
            // Whoever says HELLO again and again does not hear that it is welcome.
            if !record.isCalling { workers[worker]?.heardAt = now }
            workers[worker]?.isCalling = true
        } else if workers.count < Limits.workersMax {
            workers[worker] = WorkerRecord(capabilities: capabilities, heardAt: now)
            silences.add(worker, at: now + policy.livenessMilliseconds)
            vacant[worker] = true
            mayPlace = true
            welcomeBack(worker, at: now)
        }
    }

    /// A heartbeat is answered with one, so that the worker knows that it is heard.
    mutating func hear(
        _ worker: WorkerID, _ running: [RunningUnit], at now: Moment, into effects: inout Effects
    ) {
        guard workers[worker]?.hear(at: now) != nil else { return }
        effects.outbound.append(.worker(worker, .heartbeat(Heartbeat())))
        for report in running.prefix(Limits.slotsPerWorkerMax) {
            note(report, from: worker, at: now, into: &effects)
        }
        remind(worker, of: running, at: now, into: &effects)
    }

    private mutating func note(
        _ report: RunningUnit, from worker: WorkerID, at now: Moment, into effects: inout Effects
    ) {
        let (unit, lease) = (report.unit, report.lease)
        let expiresAt = now + policy.leaseMilliseconds
        if workers[worker]?.renew(report, until: expiresAt) == true { return }
        // The round it belongs to is being planned again.
        if isAwaited(unit) { return }
        guard let record = record(of: unit), record.isClaimed(by: worker, under: lease) else {
            return revoke(unit, Claim(lease: lease, worker: worker), into: &effects)
        }
        switch record.state {
        case .fetching:
            break  // An older heartbeat, overtaken by the result.
        // It may be given no new unit, because it leaves or its results wait; this is none.
        case .waiting where hasFreeSlot(worker):
            resume(unit, lease, on: worker, report.progress, at: now)
        default:
            // Told to stop, the worker drops the result: it must not count if it is on its way.
            if record.state == .waiting { jobs[unit.job]?.round?.units[unit.index].claim = nil }
            effects.outbound.append(.worker(worker, .revoke(Revoke(unit: unit, lease: lease))))
        }
    }

    /// The worker was given up too early: it goes on where it was.
    private mutating func resume(
        _ unit: WorkUnitID, _ lease: Lease, on worker: WorkerID, _ progress: Progress,
        at now: Moment
    ) {
        jobs[unit.job]?.round?.queue.remove(unit.index)
        jobs[unit.job]?.round?.units[unit.index].state = .assigned
        occupy(worker, with: unit, lease, progress, at: now)
    }

    /// An assignment that the worker does not list may have been lost on its way; saying it twice
    /// does no harm.
    private mutating func remind(
        _ worker: WorkerID, of running: [RunningUnit], at now: Moment, into effects: inout Effects
    ) {
        guard let tenures = workers[worker]?.running else { return }
        for (position, tenure) in tenures.enumerated() {
            guard
                now - tenure.sentAt >= 2 * policy.heartbeatMilliseconds,
                !running.contains(where: { $0.unit == tenure.unit && $0.lease == tenure.lease }),
                let task = task(of: tenure.unit)
            else { continue }
            workers[worker]?.running[position].sentAt = now
            effects.outbound.append(
                .worker(
                    worker, .assign(Assign(unit: tenure.unit, lease: tenure.lease, task: task))))
        }
    }

    mutating func expireWorkers(at now: Moment, into effects: inout Effects) {
        while let id = silences.take(dueAt: now) {
            guard let heardAt = workers[id]?.heardAt else { continue }
            if now - heardAt >= policy.livenessMilliseconds {
                lose(id, at: now, into: &effects)
            } else {
                silences.add(id, at: heardAt + policy.livenessMilliseconds)
            }
        }
    }

    /// The worker is gone, and its units wait again, also those whose outputs only it held.
    mutating func lose(_ worker: WorkerID, at now: Moment, into effects: inout Effects) {
        guard let record = workers[worker] else { return }
        workers[worker] = nil
        vacant[worker] = nil
        effects.store.append(.abandon(worker))
        mayPlace = true
        for tenure in record.running {
            loseUnit(tenure.unit, tenure.lease, with: worker, at: now, into: &effects)
        }
        if record.unfetched > 0 {
            for (unit, lease) in unfetched(from: worker) {
                loseUnit(unit, lease, with: worker, at: now, into: &effects)
            }
        }
    }

    func unfetched(from worker: WorkerID) -> [(WorkUnitID, Lease)] {
        var found: [(WorkUnitID, Lease)] = []
        jobs.forEach { id, job in
            guard let round = job.round else { return }
            for (index, unit) in round.units.enumerated() {
                guard case .fetching = unit.state, let claim = unit.claim,
                    claim.worker == worker
                else { continue }
                found.append((WorkUnitID(job: id, round: round.number, index: index), claim.lease))
            }
        }
        return found
    }

    /// Live slots: those of workers that take new units.
    var slots: Int {
        var sum = 0
        workers.forEach { _, worker in if !worker.isDraining { sum += worker.capabilities.slots } }
        return sum
    }

    /// Live slots of workers that run units of this kind.
    public func slots(running kind: String) -> Int {
        var sum = 0
        workers.forEach { _, worker in
            if !worker.isDraining, worker.capabilities.kinds.contains(kind) {
                sum += worker.capabilities.slots
            }
        }
        return sum
    }

    /// Units that the worker may be given now.
    func vacancy(of worker: WorkerID) -> Int {
        guard let record = workers[worker], !record.isDraining else { return 0 }
        let slots = record.capabilities.slots
        guard record.unfetched < policy.unfetchedPerSlotMax * slots else { return 0 }
        return max(0, slots - record.running.count)
    }

    private func hasFreeSlot(_ worker: WorkerID) -> Bool {
        workers[worker].map { $0.running.count < $0.capabilities.slots } ?? false
    }
}

extension Hello {
    /// Why whoever says this cannot join a coordinator of `version`. A worker's arithmetic is part
    /// of the result, so its software counts, too.
    fileprivate func mismatch(with version: String) -> Fault? {
        if protocolVersion != Limits.protocolVersion {
            return Fault(
                .versionMismatch,
                "\(role.rawValue) \(name) (sounder \(softwareVersion)) speaks protocol "
                    + "\(protocolVersion), the coordinator (sounder \(version)) speaks "
                    + "\(Limits.protocolVersion); install the same version on both")
        }
        guard role == .worker, softwareVersion != version else { return nil }
        return Fault(
            .versionMismatch,
            "worker \(name) is sounder \(softwareVersion), the coordinator is \(version): results "
                + "of a mixture cannot be repeated; install the same version on both")
    }
}
