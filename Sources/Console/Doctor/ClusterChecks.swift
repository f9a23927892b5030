// Whether a cluster answers on both of its ports, or whether one could be started here.

import Client
import Glibc
import Protocol
import Telemetry
import Transport

enum ClusterChecks {
    private static let standardPort = 5_761

    static func findings(_ options: ClusterOptions) async -> [Finding] {
        do {
            guard let destination = try options.destination() else { return ports }
            let context = try Context()
            let began = monotonicSeconds()
            let client = try await ClusterClient.connect(to: destination, context: context)
            defer { client.close() }
            let milliseconds = (monotonicSeconds() - began) * 1_000
            let status = try await client.cluster()
            return [
                control(status, destination.address, milliseconds: milliseconds),
                workers(status), bulk(destination, context),
            ]
        } catch {
            let sentence = (error as? Fault)?.message ?? "\(error)"
            return [
                .error(
                    "cluster", sentence,
                    remedy: "see that sounder-coordinator runs there, that its port and the next "
                        + "one pass the firewall, and that this key is authorised")
            ]
        }
    }

    private static func control(
        _ status: ClusterStatus, _ address: Address, milliseconds: Double
    ) -> Finding {
        guard status.softwareVersion == softwareVersion else {
            return .error(
                "cluster", "the coordinator at \(address) is \(status.softwareVersion), this is "
                    + "\(softwareVersion); workers from here would be refused",
                remedy: "install the same version on both")
        }
        return .ok(
            "cluster", "\(address) answered in \(milliseconds.fixed(0)) ms: version "
                + "\(status.softwareVersion), epoch \(status.epoch)")
    }

    private static func workers(_ status: ClusterStatus) -> Finding {
        let waiting = status.jobs.count { !$0.state.isFinal }
        guard status.workersTotal == 0 else {
            return .ok(
                "workers", "\(status.workersTotal.of("worker")), \(waiting.of("job")) not over")
        }
        return .warning(
            "workers", "no workers are connected; \(waiting.of("job")) not over",
            remedy: "start sounder-worker --coordinator ADDRESS on each machine that is to compute")
    }

    /// A firewall often lets one of the two ports through.
    private static func bulk(_ destination: Destination, _ context: Context) -> Finding {
        do {
            let place = try destination.address.bulk()
            let bulk = try BulkExchange(
                connectingTo: place, as: WorkerID("doctor-\(getpid())"), role: .client,
                context: context, softwareVersion: softwareVersion, keys: destination.keys)
            defer { bulk.stop() }
            _ = try bulk.waitForWelcome(seconds: ClusterClient.patienceSeconds)
            return .ok("bulk", "\(place) answers, too")
        } catch {
            return .error(
                "bulk", "\(error)",
                remedy: "let the port after the coordinator's through the firewall, too: it "
                    + "carries the data")
        }
    }

    /// Without a cluster: whether one could listen at the usual place.
    private static var ports: [Finding] {
        let taken = [standardPort, standardPort + 1].filter { port in
            guard let place = try? HostPort("127.0.0.1:\(port)") else { return false }
            return !place.isFree
        }
        guard let port = taken.first else {
            return [
                .ok("ports", "\(standardPort) and \(standardPort + 1) are free on this machine")
            ]
        }
        return [
            .warning(
                "ports", "port \(port) of this machine is in use",
                remedy: "if that is a coordinator, examine it with --cluster tcp://127.0.0.1:"
                    + "\(standardPort); if not, give sounder-coordinator another --listen")
        ]
    }
}
