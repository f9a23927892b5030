// Tells the service manager that started us how we are: the datagrams of sd_notify(3).

import Glibc
import Synchronization
import Transport

/// Without `NOTIFY_SOCKET` in the environment everything here does nothing. Nothing here waits: a
/// manager that does not read misses a message.
public final class ServiceNotifier: Sendable {
    private let descriptor: Int32
    private let address: [UInt8]
    /// Half of what the manager allows; nil if it watches nothing.
    public let watchdogMilliseconds: Int?
    private let isReady = Atomic<Bool>(false)
    private let lastStatus = Mutex("")

    /// As the environment of this process says.
    public convenience init() {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        let owner = variable("WATCHDOG_PID").flatMap { pid_t($0) }
        let isOurs = owner == nil || owner == getpid()
        self.init(
            socket: variable("NOTIFY_SOCKET"),
            watchdogMicroseconds: isOurs ? variable("WATCHDOG_USEC").flatMap { Int($0) } : nil)
    }

    /// - Parameter socket: a path, or `@` and an abstract name.
    public init(socket name: String?, watchdogMicroseconds: Int? = nil) {
        address = name.flatMap(Self.address) ?? []
        descriptor =
            address.isEmpty
            ? -1
            : Glibc.socket(
                AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let period = watchdogMicroseconds.flatMap { $0 > 0 ? $0 : nil }
        watchdogMilliseconds = descriptor < 0 ? nil : period.map { max(1, $0 / 2_000) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    public var isActive: Bool { descriptor >= 0 }

    /// The service does what it is for. Further calls do nothing.
    public func ready() {
        guard isActive, !isReady.exchange(true, ordering: .relaxed) else { return }
        send("READY=1")
    }

    public func stopping() { send("STOPPING=1") }

    /// One line for `systemctl status`; sent if it has changed.
    public func status(_ line: String) {
        guard isActive else { return }
        let line = String(line.map { $0.isNewline ? " " : $0 })
        let isNew = lastStatus.withLock { last in
            defer { last = line }
            return last != line
        }
        if isNew { send("STATUS=\(line)") }
    }

    func beat() { send("WATCHDOG=1") }

    private func send(_ message: String) {
        guard isActive else { return }
        let bytes = Array(message.utf8)
        _ = address.withUnsafeBytes { address in
            address.withMemoryRebound(to: sockaddr.self) { address in
                sendto(
                    descriptor, bytes, bytes.count,
                    Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL),
                    address.baseAddress, socklen_t(self.address.count))
            }
        }
    }

    /// The bytes of a `sockaddr_un`; nil for what is neither a path nor an abstract name.
    private static func address(_ name: String) -> [UInt8]? {
        guard name.hasPrefix("/") || name.hasPrefix("@"), name.utf8.count > 1,
            name.utf8.count < 108
        else { return nil }
        let family = withUnsafeBytes(of: sa_family_t(AF_UNIX)) { Array($0) }
        if name.hasPrefix("/") { return family + Array(name.utf8) + [0] }
        return family + [0] + Array(name.utf8.dropFirst())
    }
}
