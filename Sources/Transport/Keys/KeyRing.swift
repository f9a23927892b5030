// The directory of keys: the coordinator's pair, the list of keys that may connect, and identities.

import Glibc
public import Protocol

/// A directory of mode 0700 with `coordinator.key`, `coordinator.pub`, `authorized`, and `NAME.key`
/// and `NAME.pub` for each identity.
public struct KeyRing: Sendable {
    public let directory: String

    /// The identity that programs of this account use where none is named.
    static let localName = "local"
    static let coordinatorName = "coordinator"
    private static let patienceSeconds = 5.0

    public init(directory: String) { self.directory = directory }

    /// `$SOUNDER_KEYS`, `$XDG_CONFIG_HOME/sounder/keys` or `~/.config/sounder/keys`.
    ///
    /// - Throws: `.configuration` if there is no home directory.
    public static func standard() throws(Fault) -> KeyRing {
        if let named = Environment["SOUNDER_KEYS"] { return KeyRing(directory: named) }
        if let base = Environment["XDG_CONFIG_HOME"] {
            return KeyRing(directory: base + "/sounder/keys")
        }
        guard let home = Environment["HOME"] else {
            throw Fault(
                .configuration,
                "there is no place for keys: HOME is not set; set SOUNDER_KEYS or pass --keys DIR")
        }
        return KeyRing(directory: home + "/.config/sounder/keys")
    }

    /// At most 64 of A-Z a-z 0-9 . _ -, and neither . nor - first.
    public static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.first != "." && text.first != "-"
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
                    || $0 == UInt8(ascii: "-")
            }
    }

    public func path(_ name: String) -> String { directory + "/" + name }
    var authorizedPath: String { path("authorized") }
    var coordinatorPath: String { path("coordinator.key") }
    var hasCoordinator: Bool { GuardedFile.exists(coordinatorPath) }

    /// - Throws: `.configuration` if others can look into the directory.
    func checkMode() throws(Fault) {
        var status = stat()
        guard stat(directory, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_mode & 0o077 == 0 else {
            throw Fault(
                .configuration,
                "\(directory) holds keys and must be a directory of mode 0700; "
                    + "run: chmod 700 \(directory)")
        }
    }

    // MARK: Reading

    /// The coordinator's pair.
    func coordinator() throws(Fault) -> KeyFile {
        try checkMode()
        return try KeyFile.secret(at: coordinatorPath)
    }

    /// The keys that may connect.
    ///
    /// - Throws: `.configuration` if the list cannot be read, or a line of it is wrong.
    public func authorized() throws(Fault) -> [AuthorizedKey] {
        let list = try readList()
        if let complaint = list.complaints.first {
            throw Fault(.configuration, "\(authorizedPath): \(complaint); correct or remove it")
        }
        return list.keys
    }

    func readList() throws(Fault) -> AuthorizedKeys {
        AuthorizedKeys(
            try GuardedFile.read(
                authorizedPath, isSecret: false, bytesMax: AuthorizedKeys.bytesMax))
    }

    /// The path of the key that a worker or a client uses: `local.key`, or the only other one.
    func identityPath() throws(Fault) -> String {
        try checkMode()
        let local = path(Self.localName + ".key")
        if GuardedFile.exists(local) { return local }
        let others = entries(of: directory).filter {
            $0.hasSuffix(".key") && $0 != "coordinator.key"
        }
        guard let only = others.first, others.count == 1 else {
            throw Fault(
                .configuration,
                others.isEmpty
                    ? "\(directory) has no key to connect with; on the coordinator's machine run "
                        + "`sounder keygen NAME --role worker` (or client) and copy NAME.key and "
                        + "coordinator.pub from there into it"
                    : "\(directory) has \(others.count) keys; choose one with --key FILE or "
                        + "SOUNDER_KEY")
        }
        return path(only)
    }

    // MARK: Writing

    /// Makes the coordinator's pair and an identity for this account, unless there are keys.
    /// Programs that start together may all call it: one makes them, the others find them.
    func makeUnlessThere() throws(Fault) {
        // Its public half is written last. Without the secret it is that of another machine.
        guard !GuardedFile.exists(path("coordinator.pub")) else { return }
        try locked { ring throws(Fault) in
            if ring.hasCoordinator {
                try ring.keep(try ring.coordinator())
            } else {
                try ring.found(isAutomatic: true)
            }
        }
    }

    /// Makes a pair, keeps it as NAME.key, and authorises it; the coordinator's too, if it is the
    /// first.
    ///
    /// - Throws: `.usage` if the name is no name, or is taken.
    public func generate(name: String, role: KeyRole) throws(Fault) -> KeyFile {
        try check(name)
        return try locked { ring throws(Fault) -> KeyFile in
            try ring.foundForNetwork()
            var list = try ring.readList()
            if list.keys.contains(where: { $0.name == name }) {
                throw Fault(
                    .usage,
                    "a key named \(name) is authorised already; choose another name, or run "
                        + "`sounder revoke \(name)` first")
            }
            let file = KeyFile(name: name, role: role, pair: try KeyPair.generate())
            try ring.keep(file)
            list.add(AuthorizedKey(role: role, key: file.publicKey, name: name))
            try ring.write(list)
            return file
        }
    }

    /// Lets the holder of `key` connect. What had this name or this key before is replaced.
    public func authorize(_ key: PublicKey, name: String, role: KeyRole) throws(Fault) {
        try check(name)
        try locked { ring throws(Fault) in
            try ring.foundForNetwork()
            var list = try ring.readList()
            list.add(AuthorizedKey(role: role, key: key, name: name))
            try ring.write(list)
        }
    }

    /// - Throws: `.usage` if nothing is authorised under this name or key.
    @discardableResult
    public func revoke(_ nameOrKey: String) throws(Fault) -> [AuthorizedKey] {
        guard GuardedFile.exists(authorizedPath) else {
            throw Fault(.usage, "\(directory) has no list of authorised keys; see --keys")
        }
        return try locked { ring throws(Fault) -> [AuthorizedKey] in
            var list = try ring.readList()
            let gone = list.remove(nameOrKey)
            guard !gone.isEmpty else {
                throw Fault(
                    .usage, "no key \(nameOrKey) is authorised in \(directory); see `sounder keys`")
            }
            try ring.write(list)
            return gone
        }
    }

    private func check(_ name: String) throws(Fault) {
        guard Self.isName(name), name != Self.coordinatorName else {
            throw Fault(
                .usage,
                "\(name.debugDescription) cannot name a key; use up to 64 of A-Z a-z 0-9 . _ - "
                    + "(and not \"coordinator\")")
        }
    }

    /// One writer at a time, also among processes.
    private func locked<Value>(
        _ body: (KeyRing) throws(Fault) -> Value
    ) throws(Fault) -> Value {
        do throws(Fault) { try makeDirectory(directory) } catch {
            throw Fault(
                .configuration,
                "\(error.message); set SOUNDER_KEYS or pass --keys DIR for another place of keys")
        }
        try checkMode()
        let descriptor = open(path(".lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Fault(
                .output, "cannot write to \(directory): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        let end = MonotonicClock.seconds + Self.patienceSeconds
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard MonotonicClock.seconds < end else {
                throw Fault(
                    .temporary, "another program has kept \(directory) locked for 5 s; try again",
                    retryable: true)
            }
            usleep(10_000)
        }
        return try body(self)
    }

    /// What the coordinator needs; its own keys are written last.
    private func found(isAutomatic: Bool) throws(Fault) {
        let local = KeyFile(
            name: Self.localName, role: .admin, pair: try KeyPair.generate(),
            isAutomatic: isAutomatic)
        try keep(local)
        var list = GuardedFile.exists(authorizedPath) ? try readList() : AuthorizedKeys()
        list.add(AuthorizedKey(role: .admin, key: local.publicKey, name: local.name))
        try write(list)
        try keep(
            KeyFile(
                name: Self.coordinatorName, role: nil, pair: try KeyPair.generate(),
                isAutomatic: isAutomatic))
    }

    /// Somebody has asked for keys: the coordinator may listen to the network from here on.
    private func foundForNetwork() throws(Fault) {
        guard hasCoordinator else { return try found(isAutomatic: false) }
        var file = try coordinator()
        guard file.isAutomatic else { return }
        file.isAutomatic = false
        try keep(file)
    }

    private func keep(_ file: KeyFile) throws(Fault) {
        try GuardedFile.write(file.secretText, to: path(file.name + ".key"), mode: 0o600)
        try GuardedFile.write(file.openText, to: path(file.name + ".pub"), mode: 0o644)
    }

    private func write(_ list: AuthorizedKeys) throws(Fault) {
        try GuardedFile.write(list.text, to: authorizedPath, mode: 0o600)
    }
}

/// Variables of the environment; an empty one counts as not set.
enum Environment {
    static subscript(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }
}
