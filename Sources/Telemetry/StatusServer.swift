// Serves a few small pages over HTTP, for scrapes and probes: bounded in every respect.

import Glibc
import Synchronization
import Transport

/// One thread, GET alone, one request a connection. Whatever connects, and however slowly it
/// speaks, costs at most `connectionsMax` connections of `secondsMax` and a few KiB each; when all
/// are taken the oldest gives way.
public final class StatusServer: Sendable {
    public static let connectionsMax = 64
    public static let secondsMax = 5.0

    /// Where it listens, with the port that it got.
    public let place: HostPort
    private let signal: Mailbox<Bool>
    private let thread: OwnedThread

    /// - Parameter answer: called on the server's thread for the path of each request; must not
    ///   wait for anything. Nil if there is no such page.
    /// - Throws: a `Fault` with code `unavailable` if it cannot listen there.
    public init(
        at place: HostPort, answer: @escaping @Sendable (String) -> Page?
    ) throws {
        let (listener, bound) = try place.listen(backlog: 128)
        self.place = bound
        do {
            let signal = try Mailbox<Bool>()
            self.signal = signal
            thread = try OwnedThread(name: "status") {
                var loop = StatusLoop(listener: listener, answer: answer)
                while signal.drain().isEmpty {
                    loop.turn(waking: signal.fileDescriptor, now: monotonicMilliseconds())
                }
                loop.end()
            }
        } catch {
            close(listener)
            throw error
        }
    }

    /// Closes everything; returns when that is done.
    public func stop() {
        signal.post(true)
        thread.join()
    }

    deinit { stop() }
}

/// Used by the server's thread alone.
private struct StatusLoop {
    let listener: Int32
    let answer: @Sendable (String) -> Page?
    private var callers: [Caller] = []
    /// Until then nobody is let in, because the system has no descriptor left.
    private var closedUntil: Int64 = 0

    init(listener: Int32, answer: @escaping @Sendable (String) -> Page?) {
        self.listener = listener
        self.answer = answer
    }

    mutating func turn(waking signal: Int32, now: Int64) {
        let accepts = now >= closedUntil
        var items = [
            pollfd(fd: signal, events: Int16(POLLIN), revents: 0),
            pollfd(fd: accepts ? listener : -1, events: Int16(POLLIN), revents: 0),
        ]
        items += callers.map { pollfd(fd: $0.descriptor, events: $0.events, revents: 0) }
        let deadline = (callers.map(\.deadline) + (accepts ? [] : [closedUntil])).min()
        let wait = deadline.map { min(max($0 - now, 0), 1_000) + 1 } ?? 60_000
        guard poll(&items, nfds_t(items.count), Int32(wait)) >= 0 else { return }
        let now = monotonicMilliseconds()
        for index in callers.indices where items[index + 2].revents != 0 {
            callers[index].turn(answer)
        }
        for caller in callers where caller.isOver || caller.deadline <= now {
            close(caller.descriptor)
        }
        callers.removeAll { $0.isOver || $0.deadline <= now }
        if items[1].revents != 0 { accept(now: now) }
    }

    private mutating func accept(now: Int64) {
        for _ in 0..<16 {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else {
                if errno != EAGAIN && errno != ECONNABORTED && errno != EINTR {
                    closedUntil = now + 200
                }
                return
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            if callers.count == StatusServer.connectionsMax {
                close(callers.removeFirst().descriptor)
            }
            let patience = Int64(StatusServer.secondsMax * 1_000)
            callers.append(Caller(descriptor: descriptor, deadline: now + patience))
        }
    }

    func end() {
        for caller in callers { close(caller.descriptor) }
        close(listener)
    }
}

/// One connection: a request is read, a reply written, and the rest is read and dropped, since a
/// close with unread bytes would take the reply away again.
private struct Caller {
    private enum Phase { case reading, writing, leaving, over }

    let descriptor: Int32
    let deadline: Int64
    private var phase = Phase.reading
    private var head: [UInt8] = []
    private var reply: ArraySlice<UInt8> = []

    init(descriptor: Int32, deadline: Int64) {
        self.descriptor = descriptor
        self.deadline = deadline
    }

    var isOver: Bool { phase == .over }
    var events: Int16 { Int16(phase == .writing ? POLLOUT : POLLIN) }

    mutating func turn(_ answer: (String) -> Page?) {
        switch phase {
        case .reading:
            guard let bytes = receive() else { break }
            head += bytes
            switch RequestHead(head) {
            case .incomplete: return
            case .refused(let page): begin(page)
            case .get(let path):
                begin(answer(path) ?? Page(status: 404, "there is no page \(path)\n"))
            }
        case .writing: write()
        case .leaving: _ = receive()
        case .over: break
        }
    }

    private mutating func begin(_ page: Page) {
        head = []
        reply = page.bytes[...]
        phase = .writing
        write()
    }

    private mutating func write() {
        let sent = reply.withUnsafeBytes { bytes in
            send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        }
        if sent < 0 {
            if errno != EAGAIN && errno != EINTR { phase = .over }
            return
        }
        reply = reply.dropFirst(sent)
        guard reply.isEmpty else { return }
        shutdown(descriptor, Int32(SHUT_WR))
        phase = .leaving
    }

    /// Nil if nothing has come; then it may be over.
    private mutating func receive() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        if count > 0 { return Array(bytes.prefix(count)) }
        if count == 0 || (errno != EAGAIN && errno != EINTR) { phase = .over }
        return nil
    }
}
