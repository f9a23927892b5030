// A directory for the files of one test, gone with its owner.

import Foundation

/// A directory of its own name under the system's temporary one; freeing it removes what it holds.
public final class Scratch {
    public let directory: String

    public init() throws {
        directory = NSTemporaryDirectory() + "sounder-test-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
    }

    public func path(_ name: String) -> String { directory + "/" + name }

    /// Returns the path of the file, which any earlier one of this name gives way to.
    public func write(_ bytes: [UInt8], to name: String) throws -> String {
        // Foundation forces each file to the disk, which takes long for thousands of small ones.
        guard let file = fopen(path(name), "w") else { throw CocoaError(.fileWriteUnknown) }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
            throw CocoaError(.fileWriteUnknown)
        }
        return path(name)
    }

    public func write(_ text: String, to name: String) throws -> String {
        try write(Array(text.utf8), to: name)
    }

    /// Names in the directory, sorted.
    public var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }
}

/// Everything in the file at `path`.
public func bytes(of path: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(fileURLWithPath: path)))
}
