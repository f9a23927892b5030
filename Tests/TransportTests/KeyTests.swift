import Glibc
import Protocol
import Synchronization
import Testing
@testable import Transport

struct KeyTests {
    @Test("a key is the same as text and as bytes, and other text is no key")
    func text() throws {
        let pair = try KeyPair.generate()
        #expect(PublicKey("\(pair.publicKey)") == pair.publicKey)
        #expect(pair.secretKey.publicKey == pair.publicKey)
        #expect(try KeyPair.generate() != pair)
        #expect("\(pair.secretKey)".contains(pair.secretKey.text) == false)
        for text in ["", "abc", String(repeating: "~", count: 40),
                     String(repeating: "0", count: 41),
                     String(repeating: "é", count: 20), String(repeating: "0", count: 39) + "\0"] {
            #expect(PublicKey(text) == nil)
        }
    }

    @Test("programs that start together make one set of keys")
    func together() throws {
        let test = try TestRing()
        let ring = test.ring
        let found = Mutex<[PublicKey]>([])
        let threads = try (0..<8).map { number in
            try OwnedThread(name: "maker") {
                try? ring.makeUnlessThere()
                let file = number % 2 == 0
                    ? try? KeyFile.secret(at: ring.path("coordinator.key"))
                    : try? KeyFile.open(at: ring.path("coordinator.pub"))
                if let file { found.withLock { $0.append(file.publicKey) } }
            }
        }
        threads.forEach { $0.join() }
        #expect(found.withLock { $0.count } == 8)
        #expect(Set(found.withLock { $0 }).count == 1)
        #expect(try ring.authorized().map(\.name) == ["local"])
        #expect(try ring.authorized().map(\.role) == [.admin])
        var status = stat()
        #expect(stat(ring.directory, &status) == 0 && status.st_mode & 0o777 == 0o700)
        for name in ["coordinator.key", "local.key", "authorized"] {
            #expect(stat(ring.path(name), &status) == 0 && status.st_mode & 0o777 == 0o600)
        }
        #expect(entries(of: ring.directory).allSatisfy { !$0.hasSuffix(".partial") })
    }

    @Test("a secret that others can read is refused, with the command that mends it",
          arguments: [0o644, 0o640, 0o604, 0o660] as [mode_t])
    func looseMode(_ mode: mode_t) throws {
        let test = try TestRing()
        _ = try test.keys("w")
        let path = test.ring.path("w.key")
        chmod(path, mode)
        let found = fault { _ = try test.keys("w") }
        #expect(found?.code == .configuration && found?.exitCode == 78)
        #expect(found?.message.contains("chmod 600 \(path)") == true, "\(found?.message ?? "")")
        chmod(path, 0o600)
        _ = try test.keys("w")
    }

    @Test("a directory or a list that others can change is refused")
    func looseDirectory() throws {
        let test = try TestRing()
        _ = try test.keys("w")
        chmod(test.ring.directory, 0o755)
        let directory = fault { _ = try test.coordinatorKeys() }
        #expect(directory?.message.contains("chmod 700 \(test.ring.directory)") == true)
        chmod(test.ring.directory, 0o700)
        chmod(test.ring.path("authorized"), 0o620)
        #expect(fault { _ = try test.coordinatorKeys() }?.code == .configuration)
    }

    @Test("a file that is no key is refused in words", arguments: [
        "", "nonsense", "name w\nrole worker\n", "name w\nrole king\npublic KEY\nsecret KEY\n",
        "name ../w\nrole worker\npublic KEY\nsecret KEY\n",
        "name w\nname w\nrole worker\npublic KEY\nsecret KEY\n",
        "name w\nrole worker\npublic KEY\nsecret short\n",
        "name w\nrole worker\npublic KEY\nsecret KEY\n",
    ])
    func noKey(_ template: String) throws {
        let test = try TestRing()
        _ = try test.keys("w")
        let path = test.ring.path("w.key")
        // Two public keys do not belong together, either.
        let text = template.split(separator: "KEY", omittingEmptySubsequences: false)
            .joined(separator: "\(try KeyPair.generate().publicKey)")
        try GuardedFile.write(text, to: path, mode: 0o600)
        let found = fault { _ = try test.keys("w") }
        #expect(found?.code == .configuration)
        #expect(found?.message.contains(path) == true, "\(found?.message ?? "none")")
    }

    @Test("a key file of gigabytes, a directory or a pipe in its place is refused at once")
    func oddFiles() throws {
        let test = try TestRing()
        _ = try test.keys("w")
        let path = test.ring.path("w.key")
        truncate(path, 4 << 30)
        #expect(fault { _ = try test.keys("w") }?.message.contains("4096 is the most") == true)
        unlink(path)
        mkfifo(path, 0o600)
        #expect(fault { _ = try test.keys("w") }?.message.contains("regular") == true)
        unlink(path)
        mkdir(path, 0o700)
        #expect(fault { _ = try test.keys("w") }?.code == .configuration)
    }

    @Test("who is authorised, revoked and authorised again is let in, not, and again")
    func roundTrip() throws {
        let test = try TestRing()
        let file = try test.ring.generate(name: "w1", role: .worker)
        let keys = try test.coordinatorKeys()
        #expect(keys.holder(of: file.publicKey)?.role == .worker)
        #expect(keys.refresh().isEmpty)
        #expect(fault { _ = try test.ring.generate(name: "w1", role: .worker) }?.code == .usage)
        try test.ring.revoke("w1")
        #expect(keys.refresh().contains { $0.contains("w1") && $0.contains("revoked") })
        #expect(keys.holder(of: file.publicKey) == nil)
        #expect(fault { try test.ring.revoke("w1") }?.code == .usage)
        try test.ring.authorize(file.publicKey, name: "w2", role: .client)
        _ = keys.refresh()
        #expect(keys.holder(of: file.publicKey)?.name == "w2")
        #expect(keys.holder(of: file.publicKey)?.role == .client)
        try test.ring.revoke("\(file.publicKey)")
        _ = keys.refresh()
        #expect(keys.holder(of: file.publicKey) == nil)
        // A name whose key was revoked may have another.
        #expect(try test.ring.generate(name: "w1", role: .worker).publicKey != file.publicKey)
    }

    @Test("a wrong line lets nobody in, and leaves the other lines as they are")
    func wrongLines() throws {
        let test = try TestRing()
        let good = try test.ring.generate(name: "good", role: .client)
        let others = try (0..<6).map { _ in try KeyPair.generate().publicKey }
        let keys = try test.coordinatorKeys()
        let text = """
            # a comment, and # no comment \(others[0])

            client \(good.publicKey) good
            king \(others[1]) king
            admin \(others[2]) two words
            admin \(others[3].description.dropLast()) short
            admin \(others[4]) good
            admin \(good.publicKey) again
            worker \(others[5]) fine
            """
        try GuardedFile.write(text, to: test.ring.authorizedPath, mode: 0o600)
        #expect(keys.refresh().filter { $0.contains("line ") }.count == 5)
        #expect(keys.holder(of: good.publicKey)?.role == .client)
        #expect(keys.holder(of: others[5])?.role == .worker)
        for key in others[..<5] { #expect(keys.holder(of: key) == nil) }
        #expect(fault { _ = try test.coordinatorKeys() }?.message.contains("line 4") == true)
    }

    @Test("a list that is gone or cannot be trusted lets nobody in")
    func lostList() throws {
        let test = try TestRing()
        let file = try test.ring.generate(name: "w", role: .worker)
        let keys = try test.coordinatorKeys()
        chmod(test.ring.authorizedPath, 0o666)
        try GuardedFile.write(
            "worker \(file.publicKey) w\n", to: test.ring.authorizedPath, mode: 0o666)
        #expect(!keys.refresh().isEmpty && keys.holder(of: file.publicKey) == nil)
        try GuardedFile.write(
            "worker \(file.publicKey) w\n", to: test.ring.authorizedPath, mode: 0o600)
        #expect(!keys.refresh().isEmpty && keys.holder(of: file.publicKey) != nil)
        unlink(test.ring.authorizedPath)
        #expect(!keys.refresh().isEmpty && keys.holder(of: file.publicKey) == nil)
    }

    @Test("keys are found where they are needed, and only there")
    func find() throws {
        let test = try TestRing()
        let flags = KeyFlags(directory: test.ring.directory)
        #expect(try ClientKeys.find(for: Address("ipc:///tmp/x"), flags) == .none)
        #expect(try CoordinatorKeys.find(for: Address("ipc:///tmp/x"), flags) == nil)
        #expect(access(test.ring.directory, F_OK) != 0, "a Unix socket needs no keys")
        let far = try Address("tcp://192.0.2.1:5761")
        let missing = fault { _ = try CoordinatorKeys.find(for: far, flags) }
        #expect(missing?.exitCode == 78 && missing?.message.contains("sounder keygen") == true)
        let unarmed = fault { _ = try ClientKeys.find(for: far, flags) }
        #expect(unarmed?.exitCode == 78 && unarmed?.message.contains("\(far)") == true)
        let bare = KeyFlags(directory: test.ring.directory, isInsecure: true)
        #expect(fault { _ = try ClientKeys.find(for: far, bare) }?.code == .usage)
        #expect(fault { _ = try CoordinatorKeys.find(for: far, bare) }?.code == .usage)
        let near = try Address("tcp://127.0.0.1:5761")
        #expect(try ClientKeys.find(for: near, bare) == .none)
        #expect(access(test.ring.directory, F_OK) != 0, "--insecure needs no keys")
        #expect(try ClientKeys.find(for: near, flags).pairing?.name == "local")
        #expect(try CoordinatorKeys.find(for: near, flags) != nil)
        let automatic = fault { _ = try CoordinatorKeys.find(for: far, flags) }
        #expect(automatic?.message.contains("this one alone") == true)
        _ = try test.ring.generate(name: "w", role: .worker)
        #expect(try CoordinatorKeys.find(for: far, flags) != nil)
        #expect(try ClientKeys.find(for: far, flags).pairing?.name == "local")
    }

    @Test("a directory with one key that was copied there needs no flags")
    func copied() throws {
        let (test, other) = (try TestRing(), try TestRing())
        _ = try test.keys("node7")
        try makeDirectory(other.ring.directory)
        for name in ["node7.key", "coordinator.pub"] {
            let mode: mode_t = name.hasSuffix(".key") ? 0o600 : 0o644
            try GuardedFile.write(
                GuardedFile.read(test.ring.path(name), isSecret: false, bytesMax: 4_096),
                to: other.ring.path(name), mode: mode)
        }
        let flags = KeyFlags(directory: other.ring.directory)
        for address in ["tcp://10.0.0.1:5761", "tcp://127.0.0.1:5761"] {
            let found = try ClientKeys.find(for: Address(address), flags).pairing
            #expect(found?.name == "node7")
            #expect(found?.server == (try test.keys("node7").pairing?.server))
        }
        let server = fault {
            _ = try CoordinatorKeys.find(for: Address("tcp://127.0.0.1:1"), flags)
        }
        #expect(server?.code == .configuration)
    }

    @Test("a public key may be given as text, and a name may not be a path")
    func serverKeyText() throws {
        let test = try TestRing()
        let keys = try test.keys("w")
        let server = try #require(keys.pairing?.server)
        let found = try ClientKeys.find(
            for: Address("tcp://10.0.0.1:1"),
            KeyFlags(key: test.ring.path("w.key"), serverKey: "\(server)"))
        #expect(found.pairing?.server == server)
        for name in ["", "..", "a/b", "-x", ".x", "a b", "é", "coordinator",
                     String(repeating: "a", count: 65)] {
            #expect(fault { _ = try test.ring.generate(name: name, role: .worker) }?.code == .usage)
        }
    }
}
