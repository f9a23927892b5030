// `sounder keygen`, `authorize`, `revoke` and `keys`: who may connect to the coordinator.

public import ArgumentParser
import Glibc
import Protocol
public import Transport

/// Where the keys of a coordinator are.
struct RingOption: ParsableArguments {
    @Option(
        name: .customLong("keys"),
        help: ArgumentHelp(
            "Directory of keys. Default: SOUNDER_KEYS, else ~/.config/sounder/keys.",
            valueName: "dir"))
    var directory: String?

    func ring() throws(Fault) -> KeyRing {
        if let directory { KeyRing(directory: directory) } else { try KeyRing.standard() }
    }
}

extension KeyRole: ExpressibleByArgument {}

struct KeygenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Make a key for a machine or a person, and authorise it.",
        discussion: """
            Run it where the coordinator runs. The first use makes the coordinator's own
            key, too; then it may listen to the network.

            Examples:
              sounder keygen node7 --role worker
              sounder keygen ada --role client --json
            """)

    @Argument(help: "Whose key it is: a machine or a person.") var name: String
    @Option(help: "What its holder may do: worker, client or admin.")
    var role = KeyRole.worker
    @OptionGroup var place: RingOption
    @Flag(help: "One JSON object on standard output.")
    var json = false

    func run() throws {
        let ring = try place.ring()
        let file = try ring.generate(name: name, role: role)
        if json {
            return try Terminal.outputJSON([
                "name": file.name, "role": role.rawValue, "key": ring.path("\(file.name).key"),
                "coordinator": ring.path("coordinator.pub"),
            ])
        }
        Terminal.say("sounder: the key \(name) is authorised as \(role.rawValue)")
        Terminal.say(
            "sounder: copy these two files into ~/.config/sounder/keys (mode 0700) over there, by")
        Terminal.say("sounder: a way that nobody else can read; a running coordinator knows")
        Terminal.output(ring.path("\(file.name).key"))
        Terminal.output(ring.path("coordinator.pub"))
    }
}

struct AuthorizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authorize",
        abstract: "Let in a key that was made elsewhere.",
        discussion: """
            Run it where the coordinator runs. A running coordinator knows within a second.

            Examples:
              sounder authorize node7.pub --role worker
              sounder authorize 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7' \\
                --role client --name ada
            """)

    @Argument(help: ArgumentHelp("A file (.pub or .key) or the 40 characters of a public key."))
    var key: String
    @Option(help: "What its holder may do: worker, client or admin. Default: as in the file.")
    var role: KeyRole?
    @Option(help: "Name in listings and logs. Default: as in the file.")
    var name: String?
    @OptionGroup var place: RingOption
    @Flag(help: "One JSON object on standard output.")
    var json = false

    func run() throws {
        let ring = try place.ring()
        if let key = PublicKey(key), access(self.key, F_OK) != 0 {
            guard let role, let name else {
                throw Fault(.usage, "a key without a file needs --role and --name")
            }
            try ring.authorize(key, name: name, role: role)
            return try tell(name, role)
        }
        let file = try KeyFile.open(at: key)
        guard let role = role ?? file.role else {
            throw Fault(.usage, "\(key) is a coordinator's key; it connects to nobody")
        }
        try ring.authorize(file.publicKey, name: name ?? file.name, role: role)
        try tell(name ?? file.name, role)
    }

    private func tell(_ name: String, _ role: KeyRole) throws {
        if json { return try Terminal.outputJSON(["name": name, "role": role.rawValue]) }
        Terminal.say("sounder: the key \(name) is authorised as \(role.rawValue)")
    }
}

struct RevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Lock out a key, also where it is connected.",
        discussion: """
            Run it where the coordinator runs. A running coordinator knows within a second.

            Example:
              sounder revoke node7
            """)

    @Argument(help: "The name or the 40 characters of the key.") var key: String
    @OptionGroup var place: RingOption
    @Flag(help: "One JSON object on standard output.")
    var json = false

    func run() throws {
        let revoked = try place.ring().revoke(key)
        if json {
            let keys = revoked.map { ["name": $0.name, "role": $0.role.rawValue] }
            return try Terminal.outputJSON(["revoked": keys])
        }
        for gone in revoked {
            Terminal.say("sounder: the key \(gone.name) (\(gone.role.rawValue)) is revoked")
        }
    }
}

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "List the keys that may connect.",
        discussion: "Example:\n  sounder keys --keys /etc/sounder/keys")

    @OptionGroup var place: RingOption
    @Flag(help: "One JSON object on standard output.")
    var json = false

    private struct Listing: Encodable {
        struct Key: Encodable {
            let name: String
            let role: String
            let key: String
        }
        let directory: String
        let keys: [Key]
    }

    func run() throws {
        let ring = try place.ring()
        let keys = try ring.authorized()
        if json {
            return try Terminal.outputJSON(
                Listing(
                    directory: ring.directory,
                    keys: keys.map {
                        Listing.Key(name: $0.name, role: $0.role.rawValue, key: "\($0.key)")
                    }))
        }
        let rows = keys.map { [$0.name, $0.role.rawValue, "\($0.key)"] }
        Table.lines([["NAME", "ROLE", "KEY"]] + rows).forEach(Terminal.output)
    }
}
