// A cluster of one machine: a coordinator and N workers as child processes, gone when we are.

import Glibc
import Protocol
import Synchronization
import Transport

/// Starts the processes, restarts workers that die, and takes all of them down again.
///
/// Every child holds the reading end of a pipe whose writing end is ours: if we die, however
/// suddenly, the pipe closes and they end too.
final class LocalCluster: Sendable {
    struct Size: Sendable {
        var workers: Int
        var threads: Int
        var listen: String?
        var directory: String?
        /// For an address that needs keys.
        var keys = KeyFlags()
    }

    let address: Address
    private let keys: ClientKeys
    let directory: String
    private let size: Size
    private let isTemporary: Bool
    private let lifeline: Pipe
    private let children = Mutex<[Child]>([])
    private let stopping = Atomic<Bool>(false)
    private static let restartsMax = 20

    private struct Child: Sendable {
        var process: ChildProcess
        let name: String
        let arguments: [String]
        var restarts = 0
    }

    init(_ size: Size) throws(Fault) {
        self.size = size
        isTemporary = size.directory == nil
        let named = try size.listen.map(Self.address)
        lifeline = try Pipe()
        directory = try Self.directory(size.directory)
        do throws(Fault) {
            if let named { address = named } else {
                address = try Self.address("ipc://\(directory)/control")
            }
            keys = try ClientKeys.find(for: address, size.keys)
        } catch {
            if isTemporary { removeTree(directory) }
            throw error
        }
        do throws(Fault) { try launchAll() } catch {
            kill()
            throw error
        }
    }

    private static func address(_ text: String) throws(Fault) -> Address {
        do throws(TransportError) { return try Address(text) } catch { throw error.fault }
    }

    private func launchAll() throws(Fault) {
        var coordinator = [
            "--listen", address.description, "--state", directory + "/state", "--parent-fd", "3",
        ]
        if isTemporary { coordinator += ["--temporary", directory] }
        coordinator += keyArguments
        try launch("sounder-coordinator", coordinator)
        for index in 0..<size.workers {
            try launch(
                "sounder-worker",
                [
                    "--coordinator", address.description, "--threads", "\(size.threads)",
                    "--cache", "\(directory)/worker-\(index)", "--parent-fd", "3",
                ] + keyArguments)
        }
    }

    private var keyArguments: [String] {
        (size.keys.directory.map { ["--keys", $0] } ?? [])
            + (size.keys.isInsecure ? ["--insecure"] : [])
    }

    var destination: Destination { Destination(address: address, keys: keys) }

    private static func directory(_ named: String?) throws(Fault) -> String {
        guard let named else { return try makeTemporaryDirectory() }
        try makeDirectory(named)
        return named
    }

    /// Whether everything has ended.
    var isStopped: Bool {
        children.withLock { $0.allSatisfy { $0.process.ending() != nil } }
    }

    private func launch(_ name: String, _ arguments: [String]) throws(Fault) {
        let process = try ChildProcess(program(name), arguments, lifeline: lifeline)
        children.withLock {
            $0.append(Child(process: process, name: name, arguments: arguments))
        }
    }

    /// The programs are installed side by side.
    private func program(_ name: String) throws(Fault) -> String {
        let path = ChildProcess.ownDirectory + "/" + name
        guard access(path, X_OK) == 0 else {
            throw Fault(
                .unavailable, "\(path) is missing; install sounder, sounder-coordinator and "
                    + "sounder-worker in one directory")
        }
        return path
    }

    /// Restarts workers that have died. Call it now and then.
    ///
    /// - Throws: if the coordinator has ended, or workers die again and again.
    func watch() throws(Fault) {
        guard !stopping.load(ordering: .acquiring) else { return }
        for index in children.withLock({ Array($0.indices) }) {
            let child = children.withLock { $0[index] }
            guard let ending = child.process.ending() else { continue }
            guard child.name == "sounder-worker" else {
                if isTemporary, [73, 75].contains(child.process.exitCode) {
                    throw Fault(
                        .temporary,
                        "the coordinator of the local cluster cannot go on in \(directory): it "
                            + "\(ending); free some space there, or set TMPDIR to a directory with "
                            + "more")
                }
                throw Fault(.unavailable, "the coordinator of the local cluster \(ending)")
            }
            guard child.restarts < Self.restartsMax else {
                throw Fault(.unavailable, "a worker of the local cluster keeps dying; it \(ending)")
            }
            Terminal.say("sounder: a worker \(ending); starting another")
            let process = try ChildProcess(program(child.name), child.arguments, lifeline: lifeline)
            children.withLock {
                $0[index].process = process
                $0[index].restarts += 1
            }
        }
    }

    /// Lets the workers finish what they run, then ends everything; kills what has not ended
    /// after `graceSeconds`.
    func stop(graceSeconds: Double = 10) {
        stopping.store(true, ordering: .releasing)
        let all = children.withLock { $0 }
        for child in all where child.name == "sounder-worker" { child.process.signal(SIGTERM) }
        wait(for: all.filter { $0.name == "sounder-worker" }, seconds: graceSeconds)
        for child in all where child.name == "sounder-worker" { child.process.signal(SIGKILL) }
        for child in all where child.name != "sounder-worker" { child.process.signal(SIGTERM) }
        wait(for: all, seconds: 5)
        kill()
    }

    /// Ends everything at once.
    func kill() {
        stopping.store(true, ordering: .releasing)
        let all = children.withLock { children in
            defer { children.removeAll() }
            return children
        }
        for child in all where child.process.ending() == nil { child.process.signal(SIGKILL) }
        wait(for: all, seconds: 5)
        if isTemporary { removeTree(directory) }
    }

    private func wait(for children: [Child], seconds: Double) {
        let deadline = monotonicMilliseconds() + Int64(seconds * 1_000)
        while monotonicMilliseconds() < deadline,
            children.contains(where: { $0.process.ending() == nil })
        { usleep(5_000) }
    }
}
