// Facts of this machine and this process that more than one program asks for.

import Glibc
public import Logging
public import Protocol

/// Milliseconds of a clock that never steps; only differences mean anything.
public func monotonicMilliseconds() -> Int64 { Int64(MonotonicClock.seconds * 1_000) }

/// Milliseconds since 1970, for people only.
public func wallMilliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
}

public func processorCount() -> Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

public func hostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// A logger that writes lines to standard error. To be called once.
public func makeLogger(_ label: String, level: String) -> Logger {
    LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
    var logger = Logger(label: label)
    logger.logLevel = Logger.Level(rawValue: level) ?? .warning
    return logger
}

/// Makes a directory and those above it, for this user alone.
///
/// - Throws: a `Fault` with code `output` naming the directory.
public func makeDirectory(_ path: String) throws(Fault) {
    var prefix = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
        prefix += (prefix.isEmpty || prefix.hasSuffix("/") ? "" : "/") + part
        if mkdir(prefix, 0o700) == 0 || errno == EEXIST { continue }
        let reason = String(cString: strerror(errno))
        // A directory above may exist and not be ours to look into.
        if access(prefix, F_OK) == 0 { continue }
        throw Fault(
            .output, "cannot make the directory \(path): \(reason); choose another or free the way")
    }
    guard access(path, W_OK | X_OK) == 0 else {
        throw Fault(.output, "cannot write to the directory \(path); choose another")
    }
}

/// Makes a new directory in TMPDIR, or in /tmp.
public func makeTemporaryDirectory() throws(Fault) -> String {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/sounder-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
        let reason = String(cString: strerror(errno))
        throw Fault(
            .output,
            "cannot make a directory in \(parent): \(reason); set TMPDIR to one that can be written")
    }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Removes a directory that we made, with all that is in it; symbolic links are not followed.
public func removeTree(_ path: String) {
    guard let listing = opendir(path) else { return }
    while let entry = readdir(listing) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        guard name != "." && name != ".." else { continue }
        let child = path + "/" + name
        var status = stat()
        guard lstat(child, &status) == 0 else { continue }
        if status.st_mode & S_IFMT == S_IFDIR { removeTree(child) } else { unlink(child) }
    }
    closedir(listing)
    rmdir(path)
}

/// Removes a file that we made; that it is gone already is no error.
public func removeFile(_ path: String) { unlink(path) }

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
