// What workers leave in their cache directories: nothing, however they end, for long.

import Foundation
import TestSupport
import Testing

@testable import Worker

@Suite("Cache directories")
struct CacheDirectoryTests {
    /// The names in a directory that are of caches.
    private func caches(in scratch: Scratch) -> [String] {
        scratch.names.filter { $0.hasPrefix(CacheDirectory.prefix) }
    }

    /// A cache whose owner is a process of its own that holds the lock, as a worker does.
    private func owner(of name: String, in scratch: Scratch) throws -> Process {
        let path = scratch.path(name)
        mkdir(path, 0o700)
        mkdir(path + "/text", 0o700)
        _ = try scratch.write("ids", to: "\(name)/text/0")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
        process.arguments = ["--no-fork", "\(path)/lock", "sleep", "60"]
        try process.run()
        return process
    }

    private func awaitLock(_ path: String) -> Bool {
        for _ in 0..<500 {
            let descriptor = open(path + "/lock", O_RDWR | O_CLOEXEC)
            defer { close(descriptor) }
            if descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0 { return true }
            usleep(10_000)
        }
        return false
    }

    @Test("a directory stays while its owner lives, and is removed once it was killed")
    func killed() throws {
        let scratch = try Scratch()
        let owner = try owner(of: "sounder-worker-abcdef", in: scratch)
        let path = scratch.path("sounder-worker-abcdef")
        #expect(awaitLock(path))
        let first = try CacheDirectory(scratch.directory)
        #expect(caches(in: scratch).count == 2, "the living one's is gone")
        kill(owner.processIdentifier, SIGKILL)
        owner.waitUntilExit()
        let second = try CacheDirectory(scratch.directory)
        #expect(access(path, F_OK) != 0, "the killed one's is still there")
        #expect(caches(in: scratch).count == 2)
        for cache in [first, second] {
            #expect(access(cache.path, W_OK) == 0)
            cache.remove()
        }
        #expect(scratch.names.isEmpty)
    }

    @Test("what is not of a worker is left alone")
    func others() throws {
        let scratch = try Scratch()
        // No lock, another name, a file, a link to a directory; one that is empty is of a worker
        // that was killed at its very start.
        for name in ["sounder-worker-mine00", "sounder-worker-backups", "target"] {
            mkdir(scratch.path(name), 0o700)
            _ = try scratch.write("precious", to: "\(name)/file")
        }
        _ = try scratch.write("", to: "sounder-worker-backups/lock")
        _ = try scratch.write("", to: "target/lock")
        _ = try scratch.write("precious", to: "sounder-worker-file00")
        symlink(scratch.path("target"), scratch.path("sounder-worker-linked"))
        mkdir(scratch.path("sounder-worker-empty0"), 0o700)
        let before = scratch.names
        let cache = try CacheDirectory(scratch.directory)
        cache.remove()
        #expect(Set(before).subtracting(scratch.names) == ["sounder-worker-empty0"])
        #expect(access(scratch.path("target/file"), F_OK) == 0)
        #expect(access(scratch.path("sounder-worker-backups/file"), F_OK) == 0)
    }

    @Test("many that begin at once in one place keep what they have made")
    func crowd() async throws {
        let scratch = try Scratch()
        let directory = scratch.directory
        let paths = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<40 {
                group.addTask { try CacheDirectory(directory).path }
            }
            var paths: Set<String> = []
            for try await path in group { paths.insert(path) }
            return paths
        }
        #expect(paths.count == 40)
        for path in paths { #expect(access(path + "/lock", F_OK) == 0, "\(path)") }
    }
}
