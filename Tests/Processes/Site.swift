// A directory of one test, and the processes that were started from it.

import Foundation

final class Site {
    let directory: String
    /// TMPDIR of every program of the test; by it their processes are recognised.
    let temporary: String
    /// SOUNDER_KEYS of every program of the test.
    var keys: String { directory + "/o/keys" }
    private var next = 0

    init() throws {
        // Short: the path of a socket has 107 bytes at most.
        var template = Array("/tmp/sounder-e2e-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CocoaError(.fileWriteUnknown) }
        let name = template.dropLast().map { UInt8(bitPattern: $0) }
        directory = String(decoding: name, as: UTF8.self)
        temporary = directory + "/t"
        mkdir(temporary, 0o700)
        mkdir(directory + "/o", 0o700)
    }

    func path(_ name: String) -> String { directory + "/" + name }

    func uniquePath(_ ending: String) -> String {
        next += 1
        return "\(directory)/o/\(next).\(ending)"
    }

    func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
        return path(name)
    }

    func write(_ text: String, to name: String) throws -> String {
        try write(text.utf8, to: name)
    }

    func exists(_ name: String) -> Bool { access(path(name), F_OK) == 0 }

    func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path(name)))
    }

    /// Names in a directory of the test, hidden ones included.
    func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: path(folder))) ?? []
    }

    /// Names that this test did not give: what programs left in the directory of results.
    func leftovers(besides names: [String]) -> [String] {
        self.names(in: "").filter { $0 != "t" && $0 != "o" && !names.contains($0) }
    }

    /// Living processes of this test's programs, by name.
    func processes(_ name: String? = nil) -> [pid_t] {
        let marker = Data("TMPDIR=\(temporary)\0".utf8)
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { pid_t($0) }.filter { identifier in
            guard let environment = read("/proc/\(identifier)/environ"),
                environment.range(of: marker) != nil
            else { return false }
            guard let name else { return true }
            let command = read("/proc/\(identifier)/comm") ?? Data()
            return String(decoding: command, as: UTF8.self) == String(name.prefix(15)) + "\n"
        }
    }

    /// The environment of a process that has ended but was not waited for is empty.
    private func read(_ path: String) -> Data? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
            data.append(contentsOf: buffer[..<count])
        }
        return data
    }

    /// Address of the cluster that a program of this test started for itself.
    var localAddress: String? {
        let found = names(in: "t").first { exists("t/\($0)/control") }
        return found.map { "ipc://\(temporary)/\($0)/control" }
    }

    deinit {
        for identifier in processes() { kill(identifier, SIGKILL) }
        try? FileManager.default.removeItem(atPath: directory)
    }
}
