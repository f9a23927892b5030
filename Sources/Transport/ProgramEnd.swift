// How our programs end: one sentence on standard error, and an exit code.

import Glibc
public import Protocol

/// Ends this process with one sentence on standard error.
public func endProgram(_ program: String, _ sentence: String, code: Int32) -> Never {
    let line = Array("\(program): \(sentence)\n".utf8)
    // A pipe that nobody reads must not keep us; one with room takes a short line at once.
    var item = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
    if poll(&item, 1, 500) > 0 { _ = write(STDERR_FILENO, line, min(line.count, 4_096)) }
    exit(code)
}

public func endProgram(_ program: String, _ fault: Fault) -> Never {
    endProgram(program, fault.message, code: fault.exitCode)
}

/// Ends this process; threads that wait have nothing to hand over.
public func endProgram(code: Int32) -> Never { exit(code) }
