// Directories that our programs make and remove.

import Glibc
public import Protocol

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

/// Where directories are made that nobody named.
public func temporaryParent() -> String {
    getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
}

/// Makes a new directory in `parent`; without one in TMPDIR, or in /tmp.
public func makeTemporaryDirectory(
    in parent: String? = nil, prefix: String = "sounder-"
) throws(Fault) -> String {
    let parent = parent ?? temporaryParent()
    var template = Array("\(parent)/\(prefix)XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
        let reason = String(cString: strerror(errno))
        throw Fault(
            .output,
            "cannot make a directory in \(parent): \(reason); set TMPDIR to one that can be "
                + "written")
    }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// The names in a directory; none if there is no such directory.
public func entries(of path: String) -> [String] {
    guard let listing = opendir(path) else { return [] }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names
}

/// Removes a directory that we made, with all that is in it; symbolic links are not followed.
public func removeTree(_ path: String) {
    for name in entries(of: path) {
        let child = path + "/" + name
        var status = stat()
        guard lstat(child, &status) == 0 else { continue }
        if status.st_mode & S_IFMT == S_IFDIR { removeTree(child) } else { unlink(child) }
    }
    rmdir(path)
}

/// Removes a file that we made; that it is gone already is no error.
public func removeFile(_ path: String) { unlink(path) }
