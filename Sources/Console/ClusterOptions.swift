// Where a job runs: on a cluster of its own, or on one that is running.

import ArgumentParser
import Client
import Glibc
import Protocol
import Transport

/// A coordinator's address, and the keys to get in.
struct Destination: Sendable {
    let address: Address
    let keys: ClientKeys
}

struct KeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Directory of keys. Default: SOUNDER_KEYS, else ~/.config/sounder/keys.",
            valueName: "dir"))
    var keys: String?
    @Option(
        help: ArgumentHelp(
            "Key to connect with. Default: SOUNDER_KEY, else the one in the key directory.",
            valueName: "file"))
    var key: String?
    @Option(
        help: ArgumentHelp(
            "Public key of the coordinator, as a file or as text. Default: SOUNDER_SERVER_KEY, "
                + "else coordinator.pub in the key directory.", valueName: "key"))
    var serverKey: String?
    @Flag(help: "Connect without keys, to this machine alone.")
    var insecure = false

    func ring() throws(Fault) -> KeyRing {
        if let keys { KeyRing(directory: keys) } else { try KeyRing.standard() }
    }

    var flags: KeyFlags {
        KeyFlags(directory: keys, key: key, serverKey: serverKey, isInsecure: insecure)
    }
}

struct ClusterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Run on the cluster at ADDRESS (tcp://HOST:PORT or ipc://PATH) instead of a cluster of "
                + "its own. Default: the environment's SOUNDER_CLUSTER.", valueName: "address"))
    var cluster: String?
    @OptionGroup var keys: KeyOptions

    /// Whether any of these flags is there, whatever the environment says.
    var isGiven: Bool {
        cluster != nil || keys.keys != nil || keys.key != nil || keys.serverKey != nil
            || keys.insecure
    }

    /// The cluster that was named, by flag or by environment.
    func destination() throws(Fault) -> Destination? {
        let named = cluster ?? getenv("SOUNDER_CLUSTER").map { String(cString: $0) }
        guard let named, !named.isEmpty else { return nil }
        let address: Address
        do throws(TransportError) { address = try Address(named) } catch {
            throw Fault(.usage, "\(error)")
        }
        return Destination(address: address, keys: try ClientKeys.find(for: address, keys.flags))
    }

    /// For commands that make no sense without a running cluster.
    func existing() throws(Fault) -> Destination {
        guard let destination = try destination() else {
            throw Fault(
                .usage, "no cluster is named; pass --cluster ADDRESS or set SOUNDER_CLUSTER "
                    + "(`sounder up` starts one)")
        }
        return destination
    }
}

extension ClusterClient {
    /// Connects, or says within five seconds that nobody answers.
    static func connect(
        to destination: Destination, context: Context
    ) async throws -> ClusterClient {
        let client = try ClusterClient(
            destination.address, name: "client-\(getpid())-\(UInt32.random(in: 0...UInt32.max))",
            context: context, softwareVersion: softwareVersion, keys: destination.keys)
        do throws(Fault) {
            _ = try await client.welcome()
            return client
        } catch {
            client.close()
            throw error
        }
    }

    /// Waits until `count` workers are there.
    func awaitWorkers(_ count: Int, deadlineSeconds: Double) async throws {
        let deadline = monotonicMilliseconds() + Int64(deadlineSeconds * 1_000)
        while true {
            let present = try await cluster().workersTotal
            if present >= count { return }
            guard monotonicMilliseconds() < deadline else {
                throw Fault(
                    .unavailable,
                    "only \(present) of \(count) workers came up within "
                        + "\(deadlineSeconds.fixed(0)) s; use fewer --workers, or see their "
                        + "messages above")
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}
