// Downloads: asking for chunks, putting them where they belong, and giving up in time.

import Protocol

extension BulkLoop {
    func begin(_ order: Order) {
        let now = MonotonicClock.seconds
        if let fault = fault(against: order) { return order.completion(.failure(fault)) }
        guard let download = Download(order, deadline: now + order.seconds) else {
            return order.completion(.failure(.noMemory(order)))
        }
        guard order.length > 0 else { return finish(download, as: nil) }
        waitAnew(at: now)
        lastDownload += 1
        enter(download, as: lastDownload, at: now)
    }

    private func enter(_ download: Download, as number: UInt64, at now: Double) {
        let holder = download.order.holder
        downloads[number] = download
        if lanes[holder] == nil {
            lanes[holder] = Lane(silenceSecondsMax: silenceSecondsMax)
            if canReach(holder) { lanes[holder]?.open(at: now) }
        }
        lanes[holder]?.add(download.transfer, as: number)
    }

    private var silenceSecondsMax: Double {
        if case .connecting(let link) = side { link.silence } else { .infinity }
    }

    private func fault(against order: Order) -> Fault? {
        switch (side, order.holder) {
        case (.serving, .coordinator):
            Fault(.internalError, "the coordinator does not fetch \(order.payload) from itself")
        case (.connecting, .worker(let name)):
            Fault(
                .internalError,
                "the payload \(order.payload) of worker \(name) is fetched through the coordinator")
        case (.connecting(let link), .coordinator): link.refusal
        case (.serving, .worker): nil
        }
    }

    private func canReach(_ holder: Holder) -> Bool {
        switch (side, holder) {
        case (.connecting(let link), .coordinator): link.welcome != nil
        case (.serving, .worker(let name)): peers.peer(of: name) != nil
        default: false
        }
    }

    /// Fills the window of every holder.
    func ask(at now: Double) throws(TransportError) {
        for holder in Array(lanes.keys) {
            while let request = lanes[holder]?.nextRequest(at: now) {
                guard try send(request, to: holder) else { break }
            }
        }
    }

    private func send(_ request: Lane.Request, to holder: Holder) throws(TransportError) -> Bool {
        guard let download = downloads[request.transfer] else { return true }
        var peer: PeerID?
        if case .worker(let name) = holder { peer = peers.peer(of: name) }
        let get = Get(
            payload: download.order.payload, offset: request.range.lowerBound,
            length: request.range.count)
        switch try send(Message(.get(get), request: request.transfer), to: peer) {
        case .accepted: return true
        case .wouldBlock: lanes[holder]?.takeBack(request)
        case .unknownPeer:
            lanes[holder]?.takeBack(request)
            if let peer { lose(peer) }
        }
        return false
    }

    /// The download that a message of `peer` may speak for.
    private func download(_ number: UInt64, payload: String, from peer: PeerID?) -> Download? {
        guard let download = downloads[number], download.order.payload == payload else {
            return nil
        }
        switch download.order.holder {
        case .coordinator: return download
        case .worker(let name): return peer.flatMap { peers.name(of: $0) } == name ? download : nil
        }
    }

    func land(_ chunk: Chunk, _ body: Frame, number: UInt64, from peer: PeerID?) {
        let now = MonotonicClock.seconds
        guard let download = download(number, payload: chunk.payload, from: peer),
            lanes[download.order.holder]?.arrive(
                number, at: chunk.offset, count: body.count, now: now) == true,
            let transfer = lanes[download.order.holder]?[number]
        else { return shared.counts.rejected.count() }
        shared.counts.bytesReceived.count(body.count)
        shared.counts.chunksReceived.count()
        download.take(body, at: chunk.offset, contiguousEnd: transfer.contiguousEnd)
        if transfer.isComplete { finish(download, as: number) }
    }

    private func finish(_ download: Download, as number: UInt64?) {
        if let number { drop(number) }
        if download.isIntact { return download.finish() }
        guard let number, !download.wasRepeated else {
            return download.fail(.damaged(download.order))
        }
        shared.counts.refetches.count()
        download.restart()
        enter(download, as: number, at: MonotonicClock.seconds)
    }

    func miss(_ missing: Missing, number: UInt64, from peer: PeerID?) {
        guard let download = download(number, payload: missing.payload, from: peer) else {
            return shared.counts.rejected.count()
        }
        drop(number)
        download.fail(missing.fault)
    }

    func expire(at now: Double) throws(TransportError) {
        for holder in Array(lanes.keys) {
            let before = lanes[holder]?.resumptions ?? 0
            let isSilent = lanes[holder]?.isSilent(at: now) == true
            let late = lanes[holder]?.tick(at: now) ?? []
            shared.counts.resumptions.count((lanes[holder]?.resumptions ?? before) - before)
            for number in late {
                guard let download = downloads[number] else { continue }
                drop(number)
                download.fail(
                    isSilent
                        ? .silent(download, seconds: silenceSecondsMax)
                        : .late(download, isReachable: canReach(holder)))
            }
        }
    }

    func forget(_ name: WorkerID) {
        failAll(
            of: .worker(name),
            with: Fault(.unavailable, "worker \(name) is gone", retryable: true))
    }

    func failAll(of holder: Holder, with fault: Fault) {
        for number in lanes[holder]?.identifiers ?? [] {
            let download = downloads[number]
            drop(number)
            download?.fail(fault)
        }
    }

    private func drop(_ number: UInt64) {
        guard let download = downloads.removeValue(forKey: number) else { return }
        let holder = download.order.holder
        lanes[holder]?.remove(number)
        // A lane without transfers knows nothing that HELLO does not say again.
        if lanes[holder]?.isEmpty == true { lanes[holder] = nil }
    }
}

extension Fault {
    fileprivate static func noMemory(_ order: Order) -> Fault {
        Fault(
            .unavailable,
            "no memory for the \(order.length) bytes of \(order.payload) that "
                + "\(order.holder) holds",
            retryable: true)
    }

    fileprivate static func damaged(_ order: Order) -> Fault {
        Fault(
            .data,
            "the \(order.length) bytes of \(order.payload) from \(order.holder) do not have the "
                + "checksum that was announced, twice: its memory or its disk may be bad",
            retryable: true)
    }

    fileprivate static func silent(_ download: Download, seconds: Double) -> Fault {
        Fault(
            .unavailable,
            "\(download.received) of \(download.order.length) bytes of \(download.order.payload) "
                + "came from \(download.order.holder), and then nothing for \(seconds) s, although "
                + "it is connected; see that it is not stopped",
            retryable: true)
    }

    fileprivate static func late(_ download: Download, isReachable: Bool) -> Fault {
        let order = download.order
        let reason =
            isReachable ? "it is connected but sends too slowly" : "it is not connected"
        return Fault(
            .unavailable,
            "\(download.received) of \(order.length) bytes of \(order.payload) came from "
                + "\(order.holder) within \(order.seconds) s: \(reason); "
                + "see that it runs and that its bulk port can be reached",
            retryable: true)
    }
}
