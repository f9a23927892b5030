// Requests to a hub over HTTP/1.1: redirects, deadlines, and what an answer's status means.

import AsyncHTTPClient
import Files
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// The one place that knows the HTTP client.
struct HubConnection: Sendable {
    let client: HTTPClient
    let hub: WebAddress
    let token: String?
    let patience: Patience
    /// What we call ourselves.
    let agent: String

    private static let redirectsMax = 5

    static func makeClient(_ patience: Patience) -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(
                connect: .nanoseconds(Int64(patience.connecting * 1e9)),
                read: .nanoseconds(Int64(patience.silence * 1e9))))
        configuration.httpVersion = .http1Only
        // We try again ourselves, and say so.
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    // MARK: - Requests

    /// An answer that is no redirect; `what` is what people are told was asked for.
    /// - offset: bytes of the resource that are not wanted.
    func get(
        _ address: WebAddress, of what: String, offset: Int = 0
    ) async throws(Setback) -> HubReply {
        var address = address
        for _ in 0...Self.redirectsMax {
            let reply = try await ask(.GET, address, offset: offset)
            guard let location = reply.redirect else {
                try check(reply, address, what)
                let range = reply.headers.first(name: "Content-Range") ?? ""
                return HubReply(
                    status: Int(reply.status.code), range: range, from: address, body: reply.body)
            }
            address = try step(from: address, to: location, what)
        }
        throw .final(.malformed(what, reason: "more than \(Self.redirectsMax) redirects"))
    }

    /// What a hub tells about a file in headers, on the way or at the end of redirects on its host.
    func head(_ address: WebAddress, of what: String) async throws(Setback) -> FileFacts {
        var address = address
        var facts = FileFacts()
        for _ in 0...Self.redirectsMax {
            let reply = try await ask(.HEAD, address)
            facts.merge(reply.headers, isFinal: reply.redirect == nil)
            guard let location = reply.redirect else {
                try check(reply, address, what)
                return facts
            }
            let next = try step(from: address, to: location, what)
            // Elsewhere an ETag is whatever that server calls the file.
            if facts.isComplete || !next.hasOrigin(of: address) { return facts }
            address = next
        }
        throw .final(.malformed(what, reason: "more than \(Self.redirectsMax) redirects"))
    }

    private func step(
        from address: WebAddress, to location: String, _ what: String
    ) throws(Setback) -> WebAddress {
        guard let next = address.redirected(to: location) else {
            throw .final(.malformed(what, reason: "a redirect that leads nowhere we may go"))
        }
        return next
    }

    private func ask(
        _ method: HTTPMethod, _ address: WebAddress, offset: Int = 0
    ) async throws(Setback) -> HTTPClientResponse {
        var request = HTTPClientRequest(url: address.text)
        request.method = method
        request.headers.add(name: "User-Agent", value: agent)
        // A compressed body has neither the size nor the hash that was announced.
        request.headers.add(name: "Accept-Encoding", value: "identity")
        if offset > 0 { request.headers.add(name: "Range", value: "bytes=\(offset)-") }
        if let token, address.hasOrigin(of: hub) {
            request.headers.add(name: "Authorization", value: "Bearer \(token)")
        }
        do {
            let nanoseconds = (patience.connecting + patience.silence) * 1e9
            return try await client.execute(request, timeout: .nanoseconds(Int64(nanoseconds)))
        } catch { throw Self.setback(error, address) }
    }

    // MARK: - Bodies

    /// All of a body.
    func collect(
        _ reply: HubReply, bytesMax: Int, of what: String
    ) async throws(Setback) -> [UInt8] {
        var bytes: [UInt8] = []
        try await pour(reply) { (chunk) throws(HubError) in
            guard chunk.count <= bytesMax - bytes.count else {
                throw .malformed(what, reason: "more than \(bytesMax) bytes")
            }
            bytes += chunk
        }
        return bytes
    }

    /// Hands a body on as it comes. It may be slow, but not slower than patience allows.
    func pour(
        _ reply: HubReply,
        into take: (UnsafeRawBufferPointer) throws(HubError) -> Void
    ) async throws(Setback) {
        let began = ContinuousClock.now
        var count = 0
        do {
            for try await buffer in reply.body {
                let taken = buffer.withUnsafeReadableBytes { bytes in
                    Result { () throws(HubError) in try take(bytes) }
                }
                try taken.get()
                count += buffer.readableBytes
                let seconds = (ContinuousClock.now - began) / .seconds(1)
                if seconds > patience.silence,
                    Double(count) < seconds * patience.bytesPerSecondMin
                {
                    let reason = "\(count) bytes in \(Int(seconds)) seconds"
                    throw HubError.interrupted(host: reply.from.place, reason: reason)
                }
            }
        } catch { throw Self.setback(error, reply.from) }
    }

    // MARK: - What went wrong

    private func check(
        _ reply: HTTPClientResponse, _ address: WebAddress, _ what: String
    ) throws(Setback) {
        let status = Int(reply.status.code)
        // A date is allowed there too; then our own pauses do.
        let seconds = reply.headers.first(name: "Retry-After").flatMap { Int($0) }
        let pause = seconds.flatMap { $0 >= 0 ? Double($0) : nil }
        switch status {
        case 200, 206, 416: return
        case 401, 403:
            throw .final(.notAllowed(what, status: status, hasToken: token != nil))
        case 404: throw .final(.notFound(what))
        case 429:
            let error = HubError.busy(host: address.place, seconds: seconds)
            throw Setback(error: error, isTransient: true, pause: pause)
        case 408, 500...599:
            let error = HubError.failing(host: address.place, status: status)
            throw Setback(error: error, isTransient: true, pause: pause)
        default: throw .final(.malformed(what, reason: "status \(status)"))
        }
    }

    private static func setback(_ error: any Error, _ address: WebAddress) -> Setback {
        let host = address.place
        switch error {
        case let error as HubError:
            if case .interrupted = error { return .transient(error) }
            return .final(error)
        case is CancellationError: return .final(.cancelled)
        case let error as HTTPClientError where error == .cancelled: return .final(.cancelled)
        case let error as HTTPClientError where unconnected.contains(where: { $0 == error }):
            return .transient(.unreachable(host: host, reason: "\(error.shortDescription)"))
        case let error as HTTPClientError:
            return .transient(.interrupted(host: host, reason: "\(error.shortDescription)"))
        case let error as NIOConnectionError:
            return .transient(.unreachable(host: host, reason: reason(error)))
        case let error as IOError:
            let reason = systemReason(error.errnoCode)
            return [ECONNREFUSED, ENETUNREACH, EHOSTUNREACH].contains(error.errnoCode)
                ? .transient(.unreachable(host: host, reason: reason))
                : .transient(.interrupted(host: host, reason: reason))
        default:
            let text = "\(error)"
            if text.hasPrefix("handshakeFailed") {
                return .transient(.unreachable(host: host, reason: handshake(text)))
            }
            return .transient(.interrupted(host: host, reason: String(text.prefix(200))))
        }
    }

    private static let unconnected: [HTTPClientError] = [
        .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout,
    ]

    /// `CERTIFICATE_VERIFY_FAILED` and the like, out of the words of the TLS library.
    private static func handshake(_ text: String) -> String {
        let marks = text.split(separator: ":").compactMap { $0.split(separator: " ").first }
        let name = marks.first { $0.count > 8 && $0.allSatisfy { $0.isUppercase || $0 == "_" } }
        return "no TLS connection" + (name.map { " (\($0))" } ?? "")
    }

    private static func reason(_ error: NIOConnectionError) -> String {
        if let failure = error.connectionErrors.first {
            let reason = (failure.error as? IOError).map { systemReason($0.errnoCode) }
            return reason ?? "\(failure.error)"
        }
        return "its name is not known"
    }
}

/// An answer whose body is still to come.
struct HubReply: Sendable {
    let status: Int
    /// `Content-Range`.
    let range: String
    /// Who answers, after redirects.
    let from: WebAddress
    fileprivate let body: HTTPClientResponse.Body
}

extension HTTPClientResponse {
    /// Where the answer sends us, if it does.
    fileprivate var redirect: String? {
        guard [301, 302, 303, 307, 308].contains(status.code) else { return nil }
        return headers.first(name: "Location")
    }
}
