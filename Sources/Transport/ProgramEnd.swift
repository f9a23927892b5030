// How our programs end: one sentence on standard error, and an exit code.

import Glibc
public import Protocol

/// Ends this process with one sentence on standard error.
public func endProgram(_ program: String, _ sentence: String, code: Int32) -> Never {
    let line = Array("\(program): \(sentence)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(code)
}

public func endProgram(_ program: String, _ fault: Fault) -> Never {
    endProgram(program, fault.message, code: fault.exitCode)
}

/// Ends this process; threads that wait have nothing to hand over.
public func endProgram(code: Int32) -> Never { exit(code) }
