// Requests to a hub: redirects, the token, deadlines, and what an answer's status means.

import CCurl

/// On the thread of its session.
struct HubConnection {
    let session: WebSession
    let hub: WebAddress
    let token: String?
    let patience: Patience
    /// What we call ourselves.
    let agent: String

    private static let redirectsMax = 5

    // MARK: - Requests

    /// An answer that is no redirect; `what` is what people are told was asked for.
    /// - offset: bytes of the resource that are not wanted.
    func get(
        _ address: WebAddress, of what: String, offset: Int = 0
    ) throws(Setback) -> HubReply {
        var address = address
        for _ in 0...Self.redirectsMax {
            let exchange = try ask(address, offset: offset)
            guard let location = exchange.head.redirect else {
                try check(exchange.head, address, what)
                return HubReply(from: address, exchange: exchange)
            }
            address = try step(from: address, to: location, what)
        }
        throw Setback(.malformed(what, reason: "more than \(Self.redirectsMax) redirects"))
    }

    /// What a hub tells about a file in headers, on the way or at the end of redirects on its host.
    func head(_ address: WebAddress, of what: String) throws(Setback) -> FileFacts {
        var address = address
        var facts = FileFacts()
        for _ in 0...Self.redirectsMax {
            let head = try ask(address, wantsBody: false).head
            facts.merge(head)
            guard let location = head.redirect else {
                try check(head, address, what)
                return facts
            }
            let next = try step(from: address, to: location, what)
            // Elsewhere an ETag is whatever that server calls the file.
            if facts.isComplete || !next.hasOrigin(of: address) { return facts }
            address = next
        }
        throw Setback(.malformed(what, reason: "more than \(Self.redirectsMax) redirects"))
    }

    private func step(
        from address: WebAddress, to location: String, _ what: String
    ) throws(Setback) -> WebAddress {
        guard let next = address.redirected(to: location) else {
            throw Setback(.malformed(what, reason: "a redirect that leads nowhere we may go"))
        }
        return next
    }

    /// An answer whose head is here.
    private func ask(
        _ address: WebAddress, offset: Int = 0, wantsBody: Bool = true
    ) throws(Setback) -> WebExchange {
        // A compressed body has neither the size nor the hash that was announced.
        var fields = ["User-Agent: \(agent)", "Accept-Encoding: identity"]
        if offset > 0 { fields.append("Range: bytes=\(offset)-") }
        if let token, address.hasOrigin(of: hub) { fields.append("Authorization: Bearer \(token)") }
        let exchange = WebExchange(
            session, address, fields, wantsBody: wantsBody, connecting: patience.connecting)
        guard let exchange else {
            throw Setback(.unreachable(host: address.place, reason: "libcurl takes no request"))
        }
        do throws(HubError) { try awaitHead(exchange, address) } catch { throw Setback(error) }
        return exchange
    }

    private func awaitHead(_ exchange: WebExchange, _ address: WebAddress) throws(HubError) {
        let began = ContinuousClock.now
        while !exchange.head.isWhole {
            if exchange.end != nil { throw exchange.error(host: address.place) }
            let connecting = exchange.secondsConnecting
            let most = (connecting > 0 ? connecting : patience.connecting) + patience.silence
            let seconds = (ContinuousClock.now - began) / .seconds(1)
            guard seconds < most else {
                let reason = "no answer in \(Int(seconds)) seconds"
                throw .interrupted(host: address.place, reason: reason)
            }
            try exchange.turn(seconds: most - seconds)
        }
    }

    // MARK: - Bodies

    /// All of a body.
    func collect(
        _ reply: HubReply, bytesMax: Int, of what: String
    ) throws(Setback) -> [UInt8] {
        var bytes: [UInt8] = []
        try pour(reply) { (chunk) throws(HubError) in
            guard chunk.count <= bytesMax - bytes.count else {
                throw .malformed(what, reason: "more than \(bytesMax) bytes")
            }
            bytes += chunk
        }
        return bytes
    }

    /// Hands a body on as it comes. It may be slow, but not slower than patience allows.
    func pour(
        _ reply: HubReply, into take: (UnsafeRawBufferPointer) throws(HubError) -> Void
    ) throws(Setback) {
        let exchange = reply.exchange
        let began = ContinuousClock.now
        var (count, heard) = (0, began)
        do throws(HubError) {
            while true {
                let fresh = try exchange.drain(take)
                if fresh == 0, let end = exchange.end {
                    if end == CURLE_OK { return }
                    throw exchange.error(host: reply.from.place)
                }
                let now = ContinuousClock.now
                if fresh > 0 { (count, heard) = (count + fresh, now) }
                let left = patience.silence - (now - heard) / .seconds(1)
                let seconds = (now - began) / .seconds(1)
                let isSlow = Double(count) < seconds * patience.bytesPerSecondMin
                if left <= 0 || seconds > patience.silence && isSlow {
                    let reason = "\(count) bytes in \(Int(seconds)) seconds"
                    throw .interrupted(host: reply.from.place, reason: reason)
                }
                try exchange.turn(seconds: left)
            }
        } catch { throw Setback(error) }
    }

    // MARK: - What went wrong

    private func check(
        _ head: WebHead, _ address: WebAddress, _ what: String
    ) throws(Setback) {
        // A date is allowed there too; then our own pauses do.
        let seconds = head["Retry-After"].flatMap { Int($0) }
        let pause = seconds.flatMap { $0 >= 0 ? Double($0) : nil }
        switch head.status {
        case 200, 206, 416: return
        case 401, 403:
            throw Setback(.notAllowed(what, status: head.status, hasToken: token != nil))
        case 404: throw Setback(.notFound(what))
        case 429:
            throw Setback(.busy(host: address.place, seconds: seconds), pause: pause)
        case 408, 500...599:
            throw Setback(.failing(host: address.place, status: head.status), pause: pause)
        default: throw Setback(.malformed(what, reason: "status \(head.status)"))
        }
    }
}

/// An answer whose body is still to come.
struct HubReply {
    /// Who answers, after redirects.
    let from: WebAddress
    fileprivate let exchange: WebExchange

    var head: WebHead { exchange.head }
}
