// Where a job runs: on a cluster of its own, or on one that is running.

import ArgumentParser
import Client
import Glibc
import Protocol
import Transport

struct ClusterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Run on the cluster at ADDRESS (tcp://HOST:PORT or ipc://PATH) instead of a cluster of "
                + "its own. Default: the environment's SOUNDER_CLUSTER.", valueName: "address"))
    var cluster: String?

    /// The address that was named, by flag or by environment.
    func address() throws(Fault) -> Address? {
        let named = cluster ?? getenv("SOUNDER_CLUSTER").map { String(cString: $0) }
        guard let named, !named.isEmpty else { return nil }
        do throws(TransportError) { return try Address(named) } catch {
            throw Fault(.usage, "\(error)")
        }
    }

    /// For commands that make no sense without a running cluster.
    func existing() throws(Fault) -> Address {
        guard let address = try address() else {
            throw Fault(
                .usage, "no cluster is named; pass --cluster ADDRESS or set SOUNDER_CLUSTER "
                    + "(`sounder up` starts one)")
        }
        return address
    }
}

extension ClusterClient {
    /// Connects, or says within five seconds that nobody answers.
    static func connect(to address: Address, context: Context) async throws -> ClusterClient {
        let client = try ClusterClient(
            address, name: "client-\(getpid())-\(UInt32.random(in: 0...UInt32.max))",
            context: context, softwareVersion: softwareVersion)
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
