// `sounder up`: a cluster of this machine in the foreground.

import ArgumentParser
import Client
import Protocol
import Transport

struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run a cluster on this machine until Ctrl-C.",
        discussion: """
            Prints the address to pass as --cluster. Ctrl-C once lets the workers finish
            what they run; twice stops at once.

            Examples:
              sounder up --workers 4
              sounder up --workers 2 --listen tcp://127.0.0.1:5761 --state ./cluster
              sounder up --json
            """)

    @Option(help: "Worker processes.")
    var workers = 1
    @Option(help: "Threads of each worker. Default: the machine's cores shared among the workers.")
    var threads: Int?
    @Option(
        help: ArgumentHelp(
            "tcp://HOST:PORT or ipc://PATH. Default: a socket in the cluster's directory.",
            valueName: "address"))
    var listen: String?
    @Option(
        help: ArgumentHelp(
            "Directory of the journal and the caches, kept afterwards. Default: a temporary one.",
            valueName: "dir"))
    var state: String?
    @Flag(help: "The address and more as one JSON object on standard output.")
    var json = false

    private struct Report: Encodable {
        let address: String
        let workers: Int
        let threads: Int
        let directory: String
    }

    @Option(
        help: ArgumentHelp(
            "Directory of keys, for tcp. Default: SOUNDER_KEYS, else ~/.config/sounder/keys.",
            valueName: "dir"))
    var keys: String?
    @Flag(help: "Let in programs of this machine without keys.")
    var insecure = false

    func validate() throws {
        guard (1...1_024).contains(workers) else {
            throw ValidationError("--workers \(workers) is out of range; it must lie in 1...1024")
        }
        if let threads, !(1...Limits.threadsMax).contains(threads) {
            throw ValidationError(
                "--threads \(threads) is out of range; it must lie in 1...\(Limits.threadsMax)")
        }
    }

    func run() async throws {
        Interrupts.begin()
        let size = LocalCluster.Size(
            workers: workers, threads: threads ?? max(1, processorCount() / workers),
            listen: listen, directory: state,
            keys: KeyFlags(directory: keys, isInsecure: insecure))
        let cluster = try LocalCluster(size)
        let client = try await cluster.client(awaiting: workers, context: Context())
        defer { client.close() }
        do {
            Terminal.say("sounder: \(workers) workers of \(size.threads) threads are up")
            try show(cluster, size)
            while Interrupts.received == 0 {
                try cluster.watch()
                try? await Task.sleep(for: .milliseconds(100))
            }
        } catch {
            cluster.kill()
            throw error
        }
        Terminal.say("sounder: the workers finish what they run; Ctrl-C again stops at once")
        let stopper = Task { try await onOwnThread("stop") { cluster.stop(graceSeconds: 600) } }
        while Interrupts.received < 2, !cluster.isStopped {
            try? await Task.sleep(for: .milliseconds(20))
        }
        cluster.kill()
        try await stopper.value
    }

    private func show(_ cluster: LocalCluster, _ size: LocalCluster.Size) throws {
        guard json else { return Terminal.output(cluster.address.description) }
        let report = Report(
            address: cluster.address.description, workers: size.workers, threads: size.threads,
            directory: cluster.directory)
        try Terminal.outputJSON(report, isPretty: false)
    }
}
