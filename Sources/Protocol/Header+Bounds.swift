// The bounds of every field that a header may carry, checked before anything acts on it.

extension Header {
    /// The first field out of bounds, as a phrase; nil if the header may be acted upon.
    func complaint(bodyBytes: Int?) -> String? {
        switch self {
        case .chunk(let chunk): return chunk.complaint(bodyBytes: bodyBytes)
        case .search(let search): return search.complaint(bodyBytes: bodyBytes)
        case .score(let score): return score.complaint(bodyBytes: bodyBytes)
        case .scored(let scored): return scored.complaint(bodyBytes: bodyBytes)
        case .found: return bodyBytes == nil ? "an answer without hits" : nil
        default: break
        }
        if bodyBytes != nil { return "\(kind) has a body, which is not one of its kind" }
        return switch self {
        case .hello(let hello): hello.complaint()
        case .heartbeat(let heartbeat):
            heartbeat.running.count > Limits.slotsPerWorkerMax
                ? "heartbeat names \(heartbeat.running.count) units"
                : heartbeat.running.lazy.compactMap { $0.unit.complaint() }.first
        case .unitFinished(let finished): finished.complaint()
        case .unitFailed(let failed): failed.unit.complaint() ?? failed.fault.complaint()
        case .assign(let assign): assign.unit.complaint()
        case .revoke(let revoke): revoke.unit.complaint()
        case .release(let release): release.unit.complaint()
        case .submit(let submit): identifierComplaint("key", submit.key)
        case .cancel(let cancel): identifierComplaint("job", cancel.job.text)
        case .query(let query): query.job.flatMap { identifierComplaint("job", $0.text) }
        case .retry(let retry): identifierComplaint("job", retry.job.text)
        case .readLog(let read):
            read.after < 0 ? "log after \(read.after)" : identifierComplaint("job", read.job.text)
        case .drainWorker(let drain): identifierComplaint("worker", drain.worker.text)
        case .get(let get): get.complaint()
        case .missing(let missing): identifierComplaint("payload", missing.payload)
        case .refused(let refused): refused.fault.complaint()
        case .welcome(let welcome): welcome.complaint()
        case .goodbye, .drain, .accepted, .jobs, .cluster, .log: nil
        case .chunk, .search, .score, .scored, .found: nil
        }
    }
}

private func identifierComplaint(_ what: String, _ text: String) -> String? {
    if text.isEmpty { return "\(what) is empty" }
    return text.utf8.count > Limits.identifierBytesMax
        ? "\(what) is longer than \(Limits.identifierBytesMax) bytes" : nil
}

/// For what is shown in listings: short, and nothing that a terminal would act upon.
private func lineComplaint(_ what: String, _ text: String) -> String? {
    if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
        return "\(what) has control characters"
    }
    return text.utf8.count > Limits.identifierBytesMax
        ? "\(what) is longer than \(Limits.identifierBytesMax) bytes" : nil
}

extension Hello {
    fileprivate func complaint() -> String? {
        if let complaint = identifierComplaint("name", name.text)
            ?? identifierComplaint("softwareVersion", softwareVersion)
            ?? lineComplaint("name", name.text)
        {
            return complaint
        }
        guard let capabilities else { return role == .worker ? "worker without capabilities" : nil }
        guard (1...Limits.slotsPerWorkerMax).contains(capabilities.slots) else {
            return "slots \(capabilities.slots)"
        }
        guard (1...Limits.threadsMax).contains(capabilities.threads) else {
            return "threads \(capabilities.threads)"
        }
        return capabilities.kinds.count > 100
            ? "\(capabilities.kinds.count) kinds"
            : lineComplaint("instructionSet", capabilities.instructionSet)
                ?? lineComplaint("host", capabilities.host)
                ?? capabilities.kinds.lazy.compactMap { lineComplaint("kind", $0) }.first
    }
}

extension Welcome {
    fileprivate func complaint() -> String? {
        guard (10...60_000).contains(heartbeatMilliseconds),
            (heartbeatMilliseconds...600_000).contains(livenessMilliseconds)
        else { return "heartbeat \(heartbeatMilliseconds) ms, liveness \(livenessMilliseconds) ms" }
        return nil
    }
}

extension WorkUnitID {
    fileprivate func complaint() -> String? {
        if let complaint = identifierComplaint("job", job.text) { return complaint }
        guard round >= 0, (0..<Limits.unitsPerRoundMax).contains(index) else {
            return "unit \(self)"
        }
        return nil
    }
}

extension Fault {
    fileprivate func complaint() -> String? {
        message.utf8.count > Limits.sentenceBytesMax
            ? "message of \(message.utf8.count) bytes" : nil
    }
}

extension UnitFinished {
    fileprivate func complaint() -> String? {
        if let complaint = unit.complaint() { return complaint }
        guard outcome.outputs.count <= Limits.payloadsPerUnitMax else {
            return "\(outcome.outputs.count) outputs"
        }
        guard outcome.measures.count <= 100 else { return "\(outcome.measures.count) measures" }
        for output in outcome.outputs {
            if let complaint = identifierComplaint("payload", output.id) { return complaint }
            guard (0...Limits.payloadBytesMax).contains(output.size) else {
                return "payload \(output.id) of \(output.size) bytes"
            }
        }
        return nil
    }
}

extension Get {
    fileprivate func complaint() -> String? {
        if let complaint = identifierComplaint("payload", payload) { return complaint }
        guard (0...Limits.payloadBytesMax).contains(offset),
            (1...Limits.chunkBytesMax).contains(length)
        else { return "get of \(length) bytes at \(offset)" }
        return nil
    }
}

extension Chunk {
    fileprivate func complaint(bodyBytes: Int?) -> String? {
        if let complaint = identifierComplaint("payload", payload) { return complaint }
        guard (0...Limits.payloadBytesMax).contains(offset) else { return "chunk at \(offset)" }
        return bodyBytes == nil ? "chunk without a body" : nil
    }
}
