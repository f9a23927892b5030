// The keys of a worker or a client: whose it is, which coordinator it trusts, where both came from.

public import Protocol

/// What the flags of a program say about keys.
public struct KeyFlags: Sendable {
    /// `--keys`: another directory than the account's.
    public var directory: String?
    /// `--key`: the file with the program's own pair.
    public var key: String?
    /// `--server-key`: the coordinator's public key, as a file or as text.
    public var serverKey: String?
    /// `--insecure`: no keys, on loopback alone.
    public var isInsecure: Bool

    public init(
        directory: String? = nil, key: String? = nil, serverKey: String? = nil,
        isInsecure: Bool = false
    ) {
        self.directory = directory
        self.key = key
        self.serverKey = serverKey
        self.isInsecure = isInsecure
    }

    var ring: KeyRing {
        get throws(Fault) {
            if let directory { KeyRing(directory: directory) } else { try KeyRing.standard() }
        }
    }

    /// - Throws: `.usage` if keys are to be left out where others could listen in.
    func checkInsecure(_ address: Address) throws(Fault) {
        guard isInsecure, !address.isLoopback else { return }
        throw Fault(
            .usage,
            "--insecure is for addresses of this machine alone, and \(address) is none; "
                + "leave it out, and run `sounder keygen` for keys")
    }
}

/// What a dealer shows, and what it expects of the other side.
public struct ClientKeys: Sendable, Equatable {
    struct Pairing: Sendable, Equatable {
        let own: KeyPair
        /// The name in the key file.
        let name: String
        /// Where the key came from, for people.
        let path: String
        let server: PublicKey
        let serverSource: String
    }

    /// Nil: no keys, as on every Unix socket.
    let pairing: Pairing?

    /// Who connects with it needs none, as on every Unix socket.
    public static let none = ClientKeys(pairing: nil)

    /// The keys for `address`: those that the flags name, else SOUNDER_KEY and SOUNDER_SERVER_KEY,
    /// else those of the key directory, which is made for an address of this machine.
    ///
    /// - Throws: `.configuration` naming the file that is missing or wrong; `.usage`.
    public static func find(
        for address: Address, _ flags: KeyFlags = KeyFlags()
    ) throws(Fault) -> ClientKeys {
        guard !address.isUnixSocket else { return .none }
        try flags.checkInsecure(address)
        guard !flags.isInsecure else { return .none }
        let ring = try flags.ring
        let key = flags.key ?? Environment["SOUNDER_KEY"]
        let serverKey = flags.serverKey ?? Environment["SOUNDER_SERVER_KEY"]
        if address.isLoopback, key == nil, serverKey == nil { try ring.makeUnlessThere() }
        do throws(Fault) {
            let path = if let key { key } else { try ring.identityPath() }
            let file = try KeyFile.secret(at: path)
            guard let own = file.pair else {
                throw Fault(.configuration, "\(path) has no secret line")
            }
            let source = serverKey ?? ring.path("coordinator.pub")
            return ClientKeys(
                pairing: Pairing(
                    own: own, name: file.name, path: path, server: try server(source),
                    serverSource: source))
        } catch {
            throw Fault(error.code, "no keys for \(address): \(error.message)")
        }
    }

    /// A path may look like a key: a file that is there wins.
    private static func server(_ source: String) throws(Fault) -> PublicKey {
        if !GuardedFile.exists(source), let key = PublicKey(source) { return key }
        guard GuardedFile.exists(source) else {
            throw Fault(
                .configuration,
                "\(source) is neither a file nor a key of 40 characters; copy coordinator.pub from "
                    + "the coordinator's key directory")
        }
        return try KeyFile.open(at: source).publicKey
    }

    var credentials: Credentials {
        pairing.map { .connecting($0.own, to: $0.server) } ?? .none
    }
}

extension ClientKeys {
    /// What a worker shows to another one of the same job.
    init(job: PeerKey, server: PublicKey) {
        self.init(
            pairing: Pairing(
                own: job.pair, name: "job", path: "the job", server: server,
                serverSource: "the coordinator's word"))
    }
}

/// What a socket proves, and demands, when a connection opens.
enum Credentials: Sendable {
    /// The NULL mechanism.
    case none
    /// CURVE, and the doorkeeper says which keys are let in.
    case listening(KeyPair)
    /// CURVE, and the other side must have the key that is named.
    case connecting(KeyPair, to: PublicKey)
}
