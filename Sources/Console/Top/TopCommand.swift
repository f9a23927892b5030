// `sounder top`: jobs and workers of a running cluster, looked at again and again.

import ArgumentParser
import Client
import Protocol
import Transport

struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch jobs and workers of a running cluster.",
        discussion: """
            On a terminal the table is drawn in place until Ctrl-C; elsewhere one table
            follows the other. MEMORY is known of workers on this machine alone.

            Examples:
              sounder top --cluster tcp://10.0.0.1:5761
              sounder top --interval 10 >> cluster.log
              sounder top --once --json
            """)

    @OptionGroup var cluster: ClusterOptions
    @Option(help: "Seconds between two looks.")
    var interval = 2.0
    @Flag(help: "Look twice, so that rates are known, and show the second look alone.")
    var once = false
    @Flag(help: "One JSON object per look on standard output.")
    var json = false

    func validate() throws {
        guard (0.1...3_600).contains(interval) else {
            throw ValidationError(
                "--interval \(interval) is out of range; it must lie in 0.1...3600")
        }
    }

    func run() async throws {
        Interrupts.begin()
        let destination = try cluster.existing()
        let client = try await ClusterClient.connect(to: destination, context: Context())
        defer { client.close() }
        var keeper = PaceKeeper(windowSeconds: max(10, 3 * interval))
        var display = TopDisplay()
        var last = try await look(client, &keeper)
        if once {
            await pause()
            return try show(await look(client, &keeper), nil, &display)
        }
        try show(last, nil, &display)
        while Interrupts.received == 0 {
            await pause()
            guard Interrupts.received == 0 else { return }
            do {
                last = try await look(client, &keeper)
                try show(last, nil, &display)
            } catch let fault as Fault where fault.retryable {
                // It may be starting again; what it said last is shown meanwhile.
                if !json { try show(last, fault.message, &display) }
            }
        }
    }

    private func look(_ client: ClusterClient, _ keeper: inout PaceKeeper) async throws -> TopView {
        let status = try await client.cluster()
        keeper.note(status.jobs, atSeconds: monotonicSeconds())
        return TopView(
            status, keeper, address: client.address.description,
            atMilliseconds: wallMilliseconds())
    }

    private func show(_ view: TopView, _ note: String?, _ display: inout TopDisplay) throws {
        if json { return try Terminal.outputJSON(view, isPretty: once) }
        display.show(view, note: note)
    }

    /// The interval, or until Ctrl-C.
    private func pause() async {
        let end = monotonicMilliseconds() + Int64(interval * 1_000)
        while Interrupts.received == 0, monotonicMilliseconds() < end {
            let left = min(50, end - monotonicMilliseconds())
            try? await Task.sleep(for: .milliseconds(max(1, left)))
        }
    }
}
