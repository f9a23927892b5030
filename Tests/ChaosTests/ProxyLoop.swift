// The thread of the fault proxy: one poll over all connections.

import Foundation
import Synchronization
import TestSupport

@testable import Processes

/// Bytes on their way from one socket to the other.
private struct Stream {
    let from: Int32
    let to: Int32
    var pieces: [(due: Double, bytes: ArraySlice<UInt8>)] = []
    var held = 0
    var taken = 0
    var sendsFrom = 0.0
    var isBlocked = false
    /// The source has ended, in order or not.
    var isEnded = false
    var isBroken = false
    var isClosed = false
}

private struct Link {
    let plane: Int
    /// To the coordinator, to the worker.
    var streams: [Stream]
    var passed = 0
    var resetAt = Int.max
    var hasLost = false
}

struct ProxyLoop {
    private static let heldMax = 1 << 20
    private let owner: FaultProxy
    private let listeners: [Int32]
    private let wake: Int32
    private let target: Int
    private var links: [Link] = []
    private var numbers = Chaos.numbers(0)
    private var routes: [Route] = []
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    init(_ owner: FaultProxy, _ listeners: [Int32], wake: Int32, target: Int) {
        self.owner = owner
        self.listeners = listeners
        self.wake = wake
        self.target = target
    }

    private var now: Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

    /// - Returns: false when the proxy is stopped and everything closed.
    mutating func turn() -> Bool {
        let isStopped = owner.state.withLock { state in
            routes = state.routes
            return state.isStopped
        }
        if isStopped {
            for link in links { Self.reset(link) }
            for descriptor in listeners { close(descriptor) }
            return false
        }
        wait()
        for plane in 0..<2 { accept(plane) }
        var kept: [Link] = []
        for var link in links {
            if serve(&link) { kept.append(link) } else { Self.reset(link) }
        }
        links = kept
        return true
    }

    private func weather(_ link: Link, _ direction: Int) -> Weather {
        let route = routes[link.plane]
        return direction == 0 ? route.toCoordinator : route.toWorker
    }

    // MARK: - Waiting

    private mutating func wait() {
        var items = ([wake] + listeners).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let now = now
        var until = now + 0.5
        for link in links {
            for (direction, stream) in link.streams.enumerated() where !stream.isClosed {
                if !stream.isEnded && stream.held < Self.heldMax {
                    items.append(pollfd(fd: stream.from, events: Int16(POLLIN), revents: 0))
                }
                guard let due = stream.pieces.first?.due, !weather(link, direction).isHeld else {
                    continue
                }
                if stream.isBlocked {
                    items.append(pollfd(fd: stream.to, events: Int16(POLLOUT), revents: 0))
                } else {
                    until = min(until, max(due, stream.sendsFrom))
                }
            }
        }
        poll(&items, nfds_t(items.count), Int32(max(0, (until - now) * 1_000).rounded(.up)))
        if items[0].revents != 0 { _ = read(wake, &buffer, buffer.count) }
    }

    private mutating func accept(_ plane: Int) {
        var item = pollfd(fd: listeners[plane], events: Int16(POLLIN), revents: 0)
        while poll(&item, 1, 0) > 0 {
            let worker = Glibc.accept(listeners[plane], nil, nil)
            guard worker >= 0 else { return }
            let coordinator = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            let connects = Ports.withAddress(target + plane) { connect(coordinator, $0, $1) == 0 }
            var link = Link(
                plane: plane,
                streams: [
                    Stream(from: worker, to: coordinator), Stream(from: coordinator, to: worker),
                ])
            if let range = routes[plane].resetsWithin {
                link.resetAt = resetPosition(in: range)
            }
            for descriptor in [worker, coordinator] {
                _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
                var yes: Int32 = 1
                setsockopt(
                    descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes,
                    socklen_t(MemoryLayout<Int32>.size))
            }
            guard connects else {
                Self.reset(link)
                continue
            }
            owner.state.withLock { $0.tally.connections += 1 }
            links.append(link)
        }
    }

    /// Anywhere, but every other one as likely among the first bytes, where the greeting is.
    private mutating func resetPosition(in range: Range<Int>) -> Int {
        guard Bool.random(using: &numbers) else { return Int.random(in: range, using: &numbers) }
        let exponents = log(Double(max(1, range.lowerBound)))...log(Double(range.upperBound))
        return Int(exp(Double.random(in: exponents, using: &numbers)))
    }

    // MARK: - One connection

    /// - Returns: false if it is over.
    private mutating func serve(_ link: inout Link) -> Bool {
        if routes[link.plane].isCut { return false }
        for direction in 0..<2 {
            let weather = weather(link, direction)
            if link.hasLost && !weather.isLost && !self.weather(link, 1 - direction).isLost {
                return false
            }
            take(&link, direction, weather)
            guard !weather.isHeld, !weather.isLost else { continue }
            guard pass(&link, direction, weather) else { return false }
        }
        return !link.streams.allSatisfy { $0.isClosed }
    }

    private mutating func take(_ link: inout Link, _ direction: Int, _ weather: Weather) {
        while !link.streams[direction].isEnded && link.streams[direction].held < Self.heldMax {
            let count = recv(link.streams[direction].from, &buffer, buffer.count, 0)
            if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
            guard count > 0 else {
                link.streams[direction].isEnded = true
                link.streams[direction].isBroken = count < 0
                return
            }
            if weather.isLost {
                link.hasLost = true
                continue
            }
            var bytes = Array(buffer[0..<count])
            flip(&bytes, from: link.streams[direction].taken, weather)
            let jitter = weather.jitterSeconds
            let late = weather.delaySeconds + Double.random(in: -1...1, using: &numbers) * jitter
            let before = link.streams[direction].pieces.last?.due ?? 0
            link.streams[direction].pieces.append((max(before, now + max(0, late)), bytes[...]))
            link.streams[direction].held += count
            link.streams[direction].taken += count
        }
    }

    private func flip(_ bytes: inout [UInt8], from start: Int, _ weather: Weather) {
        guard let every = weather.flipsEvery else { return }
        // The first bytes are the greeting, without which nothing is tested.
        let first = (start / every + 1) * every - start
        for position in stride(from: first, to: bytes.count, by: every) {
            bytes[position] ^= 1 << UInt8(position % 8)
            owner.state.withLock { $0.tally.flips += 1 }
        }
    }

    /// - Returns: false if the connection is to be reset.
    private func pass(_ link: inout Link, _ direction: Int, _ weather: Weather) -> Bool {
        while let piece = link.streams[direction].pieces.first {
            let now = now
            guard piece.due <= now, link.streams[direction].sendsFrom <= now else { return true }
            var part = piece.bytes.prefix(link.resetAt - link.passed)
            if weather.bytesPerSecond != nil { part = part.prefix(4_096) }
            let sent = part.withUnsafeBytes { bytes in
                send(
                    link.streams[direction].to, bytes.baseAddress, bytes.count,
                    Int32(MSG_NOSIGNAL))
            }
            link.streams[direction].isBlocked = sent < 0 && errno == EAGAIN
            if link.streams[direction].isBlocked { return true }
            guard sent >= 0 else { return false }
            if let speed = weather.bytesPerSecond {
                link.streams[direction].sendsFrom =
                    max(now, link.streams[direction].sendsFrom) + Double(sent) / speed
            }
            owner.state.withLock { $0.tally.bytes[link.plane] += sent }
            link.streams[direction].held -= sent
            link.passed += sent
            if sent == piece.bytes.count {
                link.streams[direction].pieces.removeFirst()
            } else {
                link.streams[direction].pieces[0].bytes = piece.bytes.dropFirst(sent)
            }
            if link.passed >= link.resetAt {
                owner.state.withLock { $0.tally.resets += 1 }
                return false
            }
        }
        guard link.streams[direction].isEnded, !link.streams[direction].isClosed else {
            return true
        }
        link.streams[direction].isClosed = true
        shutdown(link.streams[direction].to, Int32(SHUT_WR))
        return !link.streams[direction].isBroken
    }

    /// Closes both ends at once, so that both see a reset.
    private static func reset(_ link: Link) {
        for stream in link.streams {
            var now = linger(l_onoff: 1, l_linger: 0)
            setsockopt(
                stream.from, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
            close(stream.from)
        }
    }
}
