// What the coordinator says, and what becomes of units.

import Protocol

extension WorkerSession {
    mutating func receive(
        _ header: Header, at now: Moment, into effects: inout SessionEffects
    ) {
        heardAt = now
        switch header {
        case .welcome(let welcome): self.welcome(welcome, at: now, into: &effects)
        case .refused(let refused) where refused.fault.retryable:
            // A coordinator that restarted does not know us; a full one may have room later.
            // While HELLO is being said already, its own back-off goes on.
            if state == .ready { state = .connecting(since: now, helloAt: now, hellos: 0) }
        case .refused(let refused): stop(.fault(refused.fault), into: &effects)
        case .assign(let assign): accept(assign, at: now, into: &effects)
        case .revoke(let revoke): forget(Attempt(revoke.unit, revoke.lease), into: &effects)
        case .release(let release): forget(Attempt(release.unit, release.lease), into: &effects)
        case .drain: handle(.drainRequested, at: now, into: &effects)
        default: break
        }
    }

    private mutating func welcome(
        _ welcome: Welcome, at now: Moment, into effects: inout SessionEffects
    ) {
        if let known = epoch, welcome.epoch < known {
            let fault = Fault(
                .configuration,
                "the coordinator is at epoch \(welcome.epoch), this worker has served epoch "
                    + "\(known): it runs from an old copy of its state; point it to the newest one")
            return stop(.fault(fault), into: &effects)
        }
        epoch = welcome.epoch
        heartbeatMilliseconds = welcome.heartbeatMilliseconds
        livenessMilliseconds = welcome.livenessMilliseconds
        guard case .connecting = state else { return }
        state = .ready
        heartbeatAt = now
        for attempt in outbox.keys { outbox[attempt]?.sentAt = nil }
        if isDraining { effects.send.append(.goodbye(Goodbye(finishing: true))) }
    }

    private mutating func accept(
        _ assign: Assign, at now: Moment, into effects: inout SessionEffects
    ) {
        let attempt = Attempt(assign.unit, assign.lease)
        guard let known = epoch, assign.lease.epoch == known else {
            // A WELCOME was missed; without it nothing of the new epoch would ever be accepted.
            if state == .ready, assign.lease.epoch > epoch ?? 0 {
                state = .connecting(since: now, helloAt: now, hellos: 0)
            }
            return
        }
        if let finished = outbox[attempt] {
            effects.send.append(finished.header)
            outbox[attempt]?.sentAt = now
            return
        }
        if let lease = running[assign.unit]?.lease {
            guard lease.isOlder(than: assign.lease) else { return }
            running[assign.unit] = nil
            effects.halt(Attempt(assign.unit, lease))
        }
        let slots = hello.capabilities?.slots ?? 0
        if isDraining || running.count >= slots {
            let why = isDraining ? "is leaving" : "runs \(running.count) units in \(slots) slots"
            let fault = Fault(.temporary, "worker \(hello.name) \(why)", retryable: true)
            return hold(.failure(fault), of: attempt, at: now, into: &effects)
        }
        running[assign.unit] = Running(lease: assign.lease)
        effects.start.append(assign)
    }

    mutating func end(
        _ attempt: Attempt, _ result: Result<UnitOutcome, Fault>, at now: Moment,
        into effects: inout SessionEffects
    ) {
        guard isRunning(attempt) else {
            effects.release.append(attempt)
            return
        }
        running[attempt.unit] = nil
        hold(result, of: attempt, at: now, into: &effects)
    }

    private mutating func hold(
        _ result: Result<UnitOutcome, Fault>, of attempt: Attempt, at now: Moment,
        into effects: inout SessionEffects
    ) {
        let header = header(of: attempt, result)
        let isReady = state == .ready
        outbox[attempt] = Finished(header: header, sentAt: isReady ? now : nil)
        if isReady { effects.send.append(header) }
    }

    /// What the codec of the coordinator would refuse is a fault of the runner, told as one.
    private func header(of attempt: Attempt, _ result: Result<UnitOutcome, Fault>) -> Header {
        let fault: Fault
        switch result {
        case .success(let outcome):
            guard outcome.outputs.count > Limits.payloadsPerUnitMax
                || outcome.measures.count > Limits.measuresPerUnitMax
            else {
                return .unitFinished(
                    UnitFinished(unit: attempt.unit, lease: attempt.lease, outcome: outcome))
            }
            fault = Fault(
                .internalError,
                "a unit left \(outcome.outputs.count) outputs and \(outcome.measures.count) "
                    + "measures; the limits are \(Limits.payloadsPerUnitMax) and "
                    + "\(Limits.measuresPerUnitMax)")
        case .failure(let failure):
            fault = failure.shortened(to: Limits.sentenceBytesMax)
        }
        return .unitFailed(UnitFailed(unit: attempt.unit, lease: attempt.lease, fault: fault))
    }

    /// Released or revoked: either way it is over.
    private mutating func forget(_ attempt: Attempt, into effects: inout SessionEffects) {
        if isRunning(attempt) {
            running[attempt.unit] = nil
            effects.halt(attempt)
        }
        if outbox[attempt] != nil {
            outbox[attempt] = nil
            effects.release.append(attempt)
        }
    }
}

extension Limits {
    static let measuresPerUnitMax = 100
}

extension Lease {
    fileprivate func isOlder(than other: Lease) -> Bool {
        (epoch, attempt) < (other.epoch, other.attempt)
    }
}
