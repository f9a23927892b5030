// The list of keys that may connect: one line each, as text that people edit.

import Protocol

/// A line of the file `authorized`: ROLE KEY NAME.
public struct AuthorizedKey: Sendable, Equatable {
    public let role: KeyRole
    public let key: PublicKey
    public let name: String

    init(role: KeyRole, key: PublicKey, name: String) {
        self.role = role
        self.key = key
        self.name = name
    }

    var line: String { "\(role.rawValue) \(key) \(name)" }
}

struct AuthorizedKeys {
    static let bytesMax = 4 << 20

    private(set) var keys: [AuthorizedKey] = []
    /// What is wrong with lines that were passed over: their keys are not authorised.
    private(set) var complaints: [String] = []

    init() {}

    init(_ text: String) {
        for (index, line) in text.split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline
        ).enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            if let complaint = add(words.map(String.init)) {
                complaints.append("line \(index + 1) \(complaint)")
            }
        }
    }

    private mutating func add(_ words: [String]) -> String? {
        guard words.count == 3 else { return "is not ROLE KEY NAME" }
        guard let role = KeyRole(rawValue: words[0]) else {
            return "names the role \(words[0].debugDescription); use worker, client or admin"
        }
        guard let key = PublicKey(words[1]) else { return "has no key of 40 characters" }
        guard KeyRing.isName(words[2]) else {
            return "has a name with other than A-Z a-z 0-9 . _ -"
        }
        if keys.contains(where: { $0.key == key }) { return "has a key that another line has" }
        if keys.contains(where: { $0.name == words[2] }) {
            return "has the name \(words[2]), which another line has"
        }
        keys.append(AuthorizedKey(role: role, key: key, name: words[2]))
        return nil
    }

    mutating func add(_ new: AuthorizedKey) {
        keys.removeAll { $0.name == new.name || $0.key == new.key }
        keys.append(new)
    }

    /// - Returns: what was removed.
    mutating func remove(_ nameOrKey: String) -> [AuthorizedKey] {
        let key = PublicKey(nameOrKey)
        let gone = keys.filter { $0.name == nameOrKey || $0.key == key }
        keys.removeAll { $0.name == nameOrKey || $0.key == key }
        return gone
    }

    var text: String {
        "# Keys that may connect: role, public key, name. The coordinator reads this again when\n"
            + "# it changes. See `sounder authorize` and `sounder revoke`.\n"
            + keys.map { $0.line + "\n" }.joined()
    }
}
