// Runs a short program to its end and keeps what it says.

import Glibc
import Transport

/// How a program ended, and the beginning of what it said.
struct ProgramOutput {
    /// The exit code; -1 if it was ended by a signal, was too slow or did not start.
    let code: Int32
    /// The end of a sentence: `ended with code 1`.
    let description: String
    let output: String
    let errors: String

    /// - Returns: after `deadlineSeconds` at most; a program that still runs is killed.
    static func of(
        _ program: String, _ arguments: [String], deadlineSeconds: Double
    ) -> ProgramOutput {
        var output: [Int32] = [-1, -1]
        var errors: [Int32] = [-1, -1]
        guard pipe(&output) == 0, pipe(&errors) == 0 else {
            return failed("cannot be started: \(String(cString: strerror(errno)))")
        }
        defer { for end in [output[0], errors[0]] { close(end) } }
        let (child, failure) = spawn(program, arguments, output[1], errors[1])
        for end in [output[1], errors[1]] { close(end) }
        guard failure == 0 else {
            return failed("cannot be started: \(String(cString: strerror(failure)))")
        }
        let deadline = monotonicSeconds() + deadlineSeconds
        let texts = [output[0], errors[0]].map { read($0, until: deadline) }
        var status: Int32 = 0
        while waitpid(child, &status, WNOHANG) == 0 {
            if monotonicSeconds() > deadline { kill(child, SIGKILL) }
            usleep(2_000)
        }
        let signal = status & 0x7f
        let code = (status >> 8) & 0xff
        return ProgramOutput(
            code: signal == 0 ? code : -1,
            description: signal == 0 ? "ended with code \(code)" : "was ended by signal \(signal)",
            output: texts[0], errors: texts[1])
    }

    private static func failed(_ description: String) -> ProgramOutput {
        ProgramOutput(code: -1, description: description, output: "", errors: "")
    }

    private static func spawn(
        _ program: String, _ arguments: [String], _ output: Int32, _ errors: Int32
    ) -> (pid_t, Int32) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
        var argv: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        argv.append(nil)
        defer { for argument in argv { free(argument) } }
        var child = pid_t()
        let failure = posix_spawn(&child, program, &actions, nil, argv, environ)
        return (child, failure)
    }

    /// 64 KiB at most: what follows is not kept.
    private static func read(_ descriptor: Int32, until deadline: Double) -> String {
        var text: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 4_096)
        while text.count < 65_536 {
            let left = Int32(max(0, (deadline - monotonicSeconds()) * 1_000))
            var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&item, 1, left) > 0 else { break }
            let count = Glibc.read(descriptor, &bytes, bytes.count)
            guard count > 0 else { break }
            text += bytes.prefix(count)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
