// The few system calls that files need, with errno turned into words.

import Glibc

/// The text of an error number, `errno` unless told otherwise.
package func systemReason(_ code: Int32 = errno) -> String {
    String(cString: strerror(code))
}

/// A file descriptor that closes itself.
package final class FileDescriptor: Sendable {
    package let number: Int32

    package init(reading path: String) throws(FileError) {
        // A pipe of that name that nobody writes to must not keep us.
        let opened = retryingInterrupts { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard opened >= 0 else { throw .unreadable(path: path, reason: systemReason()) }
        number = opened
    }

    package init(_ number: Int32) {
        self.number = number
    }

    deinit { close(number) }
}

/// Repeats a call that a signal interrupted.
package func retryingInterrupts<Number: SignedInteger>(_ call: () -> Number) -> Number {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}

/// `path` up to its last component: "." when there is none.
func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
