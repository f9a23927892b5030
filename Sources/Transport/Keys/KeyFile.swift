// A key as a file of a few lines, which nobody but its owner may read.

import Glibc
public import Protocol

/// The text of a key file: `name`, `role` and `public` lines, and `secret` where it is a pair.
public struct KeyFile: Sendable, Equatable {
    public let name: String
    /// Nil for the coordinator's own.
    public let role: KeyRole?
    public let publicKey: PublicKey
    public let secretKey: SecretKey?
    /// Made without being asked for: good for this machine alone.
    public var isAutomatic = false

    static let bytesMax = 4_096

    init(name: String, role: KeyRole?, pair: KeyPair, isAutomatic: Bool = false) {
        self.name = name
        self.role = role
        publicKey = pair.publicKey
        secretKey = pair.secretKey
        self.isAutomatic = isAutomatic
    }

    /// Reads a file with a secret.
    ///
    /// - Throws: `.configuration` naming the file if it is missing, readable by others, or no key.
    public static func secret(at path: String) throws(Fault) -> KeyFile {
        let file = try parse(GuardedFile.read(path, isSecret: true, bytesMax: bytesMax), of: path)
        guard let secret = file.secretKey else {
            throw Fault(
                .configuration, "\(path) has no secret line; name the .key file, not the .pub file")
        }
        guard secret.publicKey == file.publicKey else {
            throw Fault(.configuration, "the two keys in \(path) do not belong together")
        }
        return file
    }

    /// Reads the public half, from either kind of file.
    public static func open(at path: String) throws(Fault) -> KeyFile {
        try parse(GuardedFile.read(path, isSecret: false, bytesMax: bytesMax), of: path)
    }

    var pair: KeyPair? {
        secretKey.map { KeyPair(publicKey: publicKey, secretKey: $0) }
    }

    var secretText: String {
        var text = "# A key of Sounder. Whoever can read it can act under its name.\n" + openLines
        if let secretKey { text += "secret \(secretKey.text)\n" }
        if isAutomatic { text += "reach loopback\n" }
        return text
    }

    var openText: String { "# A public key of Sounder. It may be copied anywhere.\n" + openLines }

    private var openLines: String {
        "name \(name)\nrole \(role?.rawValue ?? "coordinator")\npublic \(publicKey)\n"
    }

    private static func parse(_ text: String, of path: String) throws(Fault) -> KeyFile {
        var fields: [Substring: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            let words = line.split(separator: " ")
            guard words.count == 2, fields[words[0]] == nil else {
                throw Fault(.configuration, "\(path) is not a key file: a line is not FIELD VALUE")
            }
            fields[words[0]] = String(words[1])
        }
        guard let name = fields["name"], KeyRing.isName(name), let role = fields["role"],
            let text = fields["public"], let publicKey = PublicKey(text),
            role == "coordinator" || KeyRole(rawValue: role) != nil
        else {
            throw Fault(
                .configuration,
                "\(path) is not a key file: it needs a name, a role and a public line; "
                    + "`sounder keygen` makes one")
        }
        let secret = try fields["secret"].map { text throws(Fault) -> SecretKey in
            guard let key = SecretKey(text) else {
                throw Fault(.configuration, "the secret line of \(path) is not a key")
            }
            return key
        }
        return KeyFile(
            name: name, role: KeyRole(rawValue: role), publicKey: publicKey, secretKey: secret,
            isAutomatic: fields["reach"] == "loopback")
    }

    private init(
        name: String, role: KeyRole?, publicKey: PublicKey, secretKey: SecretKey?,
        isAutomatic: Bool
    ) {
        self.name = name
        self.role = role
        self.publicKey = publicKey
        self.secretKey = secretKey
        self.isAutomatic = isAutomatic
    }
}
