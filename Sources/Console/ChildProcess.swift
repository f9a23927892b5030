// One child process: spawned without a shell, in a group of its own, tied to our life by a pipe.

import Glibc
import Protocol
import Synchronization

/// A pipe whose writing end stays with us and closes when we die.
struct Pipe: Sendable {
    let reading: Int32
    let writing: Int32

    init() throws(Fault) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else {
            throw Fault(.unavailable, "no pipe can be made: \(String(cString: strerror(errno)))")
        }
        (reading, writing) = (ends[0], ends[1])
        // Neither end is inherited as it is; a child is given a copy of the reading end.
        _ = fcntl(reading, F_SETFD, FD_CLOEXEC)
        _ = fcntl(writing, F_SETFD, FD_CLOEXEC)
    }
}

final class ChildProcess: Sendable {
    let identifier: pid_t
    /// As waitpid has it.
    private let ended = Mutex<Int32?>(nil)

    /// The directory of the running program.
    static var ownDirectory: String {
        guard let path = realpath("/proc/self/exe", nil) else { return "." }
        defer { free(path) }
        let text = String(cString: path)
        return text.lastIndex(of: "/").map { String(text[..<$0]) } ?? "."
    }

    /// The child finds the reading end of `lifeline` as descriptor 3 and ends when it closes. It
    /// does not see the terminal's Ctrl-C: whether to drain or to stop is its parent's decision.
    init(_ program: String, _ arguments: [String], lifeline: Pipe) throws(Fault) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        // Data belongs to standard output; children have none.
        posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, lifeline.reading, 3)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var unblocked = sigset_t()
        sigemptyset(&unblocked)
        posix_spawnattr_setsigmask(&attributes, &unblocked)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))

        var argv: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        argv.append(nil)
        defer { for argument in argv { free(argument) } }
        var child = pid_t()
        let failure = posix_spawn(&child, program, &actions, &attributes, argv, environ)
        guard failure == 0 else {
            throw Fault(
                .unavailable, "\(program) cannot be started: \(String(cString: strerror(failure)))")
        }
        identifier = child
    }

    /// How it ended, as the end of a sentence; nil while it runs.
    func ending() -> String? {
        guard let status = status() else { return nil }
        let signal = status & 0x7f
        return signal == 0
            ? "ended with code \((status >> 8) & 0xff)" : "was ended by signal \(signal)"
    }

    /// With which it ended by itself; nil while it runs, and if a signal ended it.
    var exitCode: Int32? {
        status().flatMap { $0 & 0x7f == 0 ? ($0 >> 8) & 0xff : nil }
    }

    private func status() -> Int32? {
        ended.withLock { ended in
            if ended != nil { return ended }
            var status: Int32 = 0
            if waitpid(identifier, &status, WNOHANG) == identifier { ended = status }
            return ended
        }
    }

    func signal(_ number: Int32) {
        // Under the lock: a child that was waited for no longer owns its number.
        ended.withLock { ended in
            if ended == nil { _ = kill(identifier, number) }
        }
    }
}
