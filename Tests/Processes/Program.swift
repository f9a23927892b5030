// A program of the build directory as a child process: started, signalled, waited for with a bound.

import Foundation
import Synchronization
import Testing

/// What is left when a program has ended.
struct Ending: CustomStringConvertible {
    /// The exit code, or 128 + the signal.
    let code: Int32
    let output: String
    let errors: String
    let seconds: Double

    /// The object that `--json` printed.
    var json: [String: Any] {
        let object = try? JSONSerialization.jsonObject(with: Data(output.utf8))
        return object as? [String: Any] ?? [:]
    }

    func number(_ key: String) -> Double? { (json[key] as? NSNumber)?.doubleValue }

    var description: String { "code \(code) after \(seconds) s\n\(output)\(errors)" }
}

struct Overdue: Error, CustomStringConvertible {
    let description: String
}

/// Output and errors go to files: a pipe could be held open by whatever the program left behind.
final class Program {
    let identifier: pid_t
    private let began = Date()
    private let outputPath: String
    private let errorsPath: String
    private let name: String
    private var status: Int32?
    /// Noted by a thread that does nothing else: whoever asks may be late on a busy machine.
    private let ended = Ended()

    private final class Ended: Sendable {
        let date = Mutex<Date?>(nil)
    }

    /// The directory of the test bundle, which is that of the programs.
    static let directory: String = {
        let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let beside = bundle.deletingLastPathComponent().path
        if FileManager.default.isExecutableFile(atPath: beside + "/sounder") { return beside }
        return URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../.build/release").standardized.path
    }()

    /// - Parameters:
    ///   - name: a program beside the test bundle, or a path.
    ///   - input: a file for its standard input.
    ///   - errors: a file for its standard error, instead of one of our own.
    init(
        _ name: String, _ arguments: [String], in site: Site, input: String = "/dev/null",
        errors: String? = nil, environment: [String: String] = [:]
    ) throws {
        let path = name.hasPrefix("/") ? name : Self.directory + "/" + name
        self.name = ([name] + arguments).joined(separator: " ")
        outputPath = site.uniquePath("out")
        errorsPath = errors ?? site.uniquePath("err")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let writing = O_WRONLY | O_CREAT | O_TRUNC
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, writing, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errorsPath, writing, 0o600)
        // Other tests' pipes must not stay open because of us; closing what is not open is allowed.
        for descriptor in Int32(3)..<256 {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var all = ProcessInfo.processInfo.environment
        all["SOUNDER_CLUSTER"] = nil
        // Backtraces keep a crashed program for many seconds.
        all["SWIFT_BACKTRACE"] = "enable=no"
        all["TMPDIR"] = site.temporary
        all["SOUNDER_KEY"] = nil
        all["SOUNDER_SERVER_KEY"] = nil
        all["SOUNDER_KEYS"] = site.keys
        all.merge(environment) { $1 }
        var argv = ([path] + arguments).map { strdup($0) } + [nil]
        var envp = all.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + envp { free(text) } }
        var child = pid_t()
        let failure = posix_spawn(&child, path, &actions, &attributes, &argv, &envp)
        guard failure == 0 else {
            let reason = String(cString: strerror(failure))
            throw Overdue(description: "\(path) does not start: \(reason)")
        }
        identifier = child
        Thread.detachNewThread { [ended, child] in
            var information = siginfo_t()
            while waitid(P_PID, id_t(child), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
            ended.date.withLock { $0 = Date() }
        }
    }

    var output: String { text(outputPath) }
    var errors: String { text(errorsPath) }

    private func text(_ path: String) -> String {
        // Written by programs that are fed garbage: not always UTF-8.
        let data = try? Data(contentsOf: URL(fileURLWithPath: path))
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    var isRunning: Bool {
        if status != nil { return false }
        var value: Int32 = 0
        guard waitpid(identifier, &value, WNOHANG) == identifier else { return true }
        let signal = value & 0x7f
        status = signal == 0 ? (value >> 8) & 0xff : 128 + signal
        return false
    }

    func signal(_ number: Int32) {
        if isRunning { _ = kill(identifier, number) }
    }

    /// - Throws: `Overdue` if it still runs after `seconds`; then it is killed.
    func ending(within seconds: Double = 30) async throws -> Ending {
        guard try await eventually(within: seconds, every: 0.005, { !isRunning }) else {
            signal(SIGKILL)
            throw Overdue(
                description: "\(name) still runs after \(seconds) s\n\(output)\(errors)")
        }
        return Ending(
            code: status ?? -1, output: output, errors: errors,
            seconds: (ended.date.withLock { $0 } ?? Date()).timeIntervalSince(began))
    }

    deinit {
        if isRunning {
            kill(identifier, SIGKILL)
            var value: Int32 = 0
            waitpid(identifier, &value, 0)
        }
    }
}

extension Program {
    /// Memory that the process has in use now.
    func residentBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(identifier)/statm", encoding: .utf8)
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return try #require(pages) * Int(getpagesize())
    }
}

/// Asks again and again until `condition` holds, `seconds` at most.
func eventually(
    within seconds: Double, every pause: Double = 0.02, _ condition: () async throws -> Bool
) async throws -> Bool {
    let deadline = Date().addingTimeInterval(seconds)
    while true {
        if try await condition() { return true }
        if Date() > deadline { return false }
        try await Task.sleep(for: .seconds(pause))
    }
}
