// What storage does to programs: disks that are small, calls that fail, bits that change.

import Foundation
import Testing

@testable import Processes

/// A file system in memory, mounted in the directory of a test. It goes with this object.
final class SmallDisk {
    private let site: Site
    let path: String
    private var filling: String { path + "/filling" }

    static let absence = "needs root, and a system that mounts tmpfs"
    static let isPossible: Bool = {
        guard Chaos.isRoot, let site = try? Site() else { return false }
        return (try? SmallDisk(site, "disk", mebibytes: 1)) != nil
    }()

    init(_ site: Site, _ name: String, mebibytes: Int) throws {
        self.site = site
        path = site.path(name)
        mkdir(path, 0o700)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(mebibytes)m") == 0 else {
            throw Overdue(description: "no tmpfs at \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// Takes all the room there is.
    func fill() throws {
        let file = open(filling, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(file) }
        for count in [65_536, 4_096] {
            let bytes = [UInt8](repeating: 1, count: count)
            while write(file, bytes, count) > 0 {}
        }
        try #require(errno == ENOSPC, "\(String(cString: strerror(errno)))")
    }

    /// Takes all the room but so many bytes.
    func fill(leaving bytes: Int) throws {
        try fill()
        var status = stat()
        let size = stat(filling, &status) == 0 ? Int(status.st_size) : 0
        try #require(truncate(filling, size - bytes) == 0, "\(size) bytes, to leave \(bytes)")
    }

    func makeRoom() { unlink(filling) }

    deinit { umount2(path, Int32(MNT_DETACH)) }
}

/// Lets system calls of a program fail, wait, or kill it.
enum Injection {
    static let absence = "needs strace, and the right to trace"
    static let isPossible =
        Chaos.hasStrace
        && system(command("/dev/null", []).joined(separator: " ") + " true 2>/dev/null") == 0

    /// The tracer is a grandchild: signals and the exit code are those of the program itself.
    private static func command(_ trace: String, _ faults: [String]) -> [String] {
        let calls = Set(faults.flatMap { $0.prefix { $0 != ":" }.split(separator: ",") })
        // The filter makes it fast, but lets no signal through.
        let speed = faults.contains { $0.contains("signal=") } ? [] : ["--seccomp-bpf"]
        return ["/usr/bin/strace", "-D", "-f", "-qq", "-o", trace] + speed
            + ["-e", "trace=" + (calls.isEmpty ? "none" : calls.sorted().joined(separator: ","))]
            + faults.flatMap { ["-e", "inject=" + $0] }
    }

    /// What a program is to be run under.
    /// - Parameter faults: as in `strace -e inject=`; `when` counts the calls of each thread.
    static func of(_ faults: String..., in site: Site) -> [String] {
        command(site.uniquePath("trace"), faults)
    }
}

extension Site {
    /// Changes one bit of a file; a negative offset counts from its end.
    func flip(_ name: String, at offset: Int, mask: UInt8 = 1) throws {
        var data = try bytes(name)
        let position = offset < 0 ? data.count + offset : offset
        try #require(data.indices.contains(position), "\(name) has \(data.count) bytes")
        data[position] ^= mask
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path(name)))
        try file.seek(toOffset: UInt64(position))
        try file.write(contentsOf: data[position...position])
        try file.close()
    }

    /// All files below a directory of the test.
    func files(below folder: String) -> [String] {
        let found = FileManager.default.enumerator(atPath: path(folder))
        return found?.compactMap { $0 as? String }.map { folder + "/" + $0 } ?? []
    }

    /// Files that were begun and not finished.
    var halfFiles: [String] { files(below: "state").filter { $0.hasSuffix(".partial") } }
}

extension Fleet {
    /// The coordinator ends by itself, with this code and sentence.
    func expectCoordinatorEnds(
        _ code: Int32, saying part: String = "", within seconds: Double = 30,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let ending = try await coordinator.ending(within: seconds)
        #expect(ending.code == code, "\(ending)", sourceLocation: sourceLocation)
        #expect(
            part.isEmpty || ending.errors.contains(part), "\(ending)",
            sourceLocation: sourceLocation)
    }

    /// A job that failed for want of its disk is tried again, and then ends as if nothing had been.
    func expectRetryEnds(
        _ drill: Drill, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let job = try #require(try await newestJob()?["job"] as? String)
        let retry = try await sounder("retry", job)
        #expect(retry.code == 0, "\(retry)", sourceLocation: sourceLocation)
        // The same key and settings name the same job.
        let again = try await expectCalmResult(
            of: begin(drill), drill, within: 60, sourceLocation: sourceLocation)
        #expect(again.json["job"] as? String == job, sourceLocation: sourceLocation)
    }
}
