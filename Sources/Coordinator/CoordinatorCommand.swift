// `sounder-coordinator`: the process that keeps the jobs, shards the work and merges the results.

import ArgumentParser
import Cluster
import Compression
import Glibc
import Journal
import Logging
import Protocol
import Telemetry
import Transport

@main
struct CoordinatorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sounder-coordinator",
        abstract: "Keep the jobs of a Sounder cluster and merge what its workers make.",
        discussion: """
            Listens for workers and clients at --listen, for bulk transfers at the next
            port (or at PATH.bulk), and for searches at the third (or at PATH.find).
            SIGTERM ends it; jobs that run are taken up again at the next start.

            Examples:
              sounder-coordinator --listen tcp://127.0.0.1:5761 --state /var/lib/sounder
              sounder-coordinator --listen ipc:///run/sounder/control --state ./state
            """,
        version: softwareVersion)

    @Option(
        help: ArgumentHelp(
            "tcp://HOST:PORT (ports below 32768) or ipc://PATH.", valueName: "address"))
    var listen = "tcp://127.0.0.1:5761"
    @Option(
        help: ArgumentHelp("Directory of the journal and of results.", valueName: "dir"))
    var state: String
    @Option(help: "Silence after which a worker counts as lost, in milliseconds.")
    var liveness = 5_000
    @Option(
        help: "Time without progress after which a unit is tried elsewhere, in milliseconds.")
    var lease = 30_000
    @Option(
        help: ArgumentHelp(
            "Directory of keys. Default: SOUNDER_KEYS, else ~/.config/sounder/keys.",
            valueName: "dir"))
    var keys: String?
    @Flag(help: "Let in programs of this machine without keys.")
    var insecure = false
    @OptionGroup var operating: OperatingOptions
    @Flag(help: "Drop what is damaged in the journal of --state, say what it was, and end.")
    var repair = false
    @Option(help: .hidden)
    var parentFd: Int32?
    /// A directory that goes with the parent, should the parent have no time to remove it.
    @Option(help: .hidden)
    var temporary: String?

    func validate() throws {
        guard (500...600_000).contains(liveness) else {
            throw ValidationError(
                "--liveness \(liveness) is out of range; it must lie in 500...600000")
        }
        guard (1_000...3_600_000).contains(lease) else {
            throw ValidationError(
                "--lease \(lease) is out of range; it must lie in 1000...3600000")
        }
    }

    func run() throws {
        if operating.facts { return facts.show() }
        do {
            if repair { return try repairJournal() }
            try serve()
        } catch let fault as Fault {
            ProgramLog.end("sounder-coordinator", fault)
        } catch let error as TransportError {
            ProgramLog.end("sounder-coordinator", error.fault)
        } catch JournalError.full where temporary != nil {
            // Nothing of this outlives its client: there is nothing to be kept.
            ProgramLog.end(
                "sounder-coordinator",
                "the disk of \(state) is full; free some space, or set TMPDIR to a directory with "
                    + "more", code: JournalError.full(path: state).exitCode)
        } catch let error as JournalError {
            ProgramLog.end("sounder-coordinator", error.description, code: error.exitCode)
        }
    }

    private var journalPath: String { state + "/journal.sqlite" }

    private func repairJournal() throws {
        guard access(journalPath, F_OK) == 0 else {
            throw Fault(.input, "there is no journal \(journalPath); name its directory as --state")
        }
        let dropped = try JobJournal.repair(path: journalPath)
        let said = dropped.isEmpty ? ["the journal \(journalPath) is sound"] : dropped
        for sentence in said {
            let line = Array((sentence + "\n").utf8)
            _ = line.withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) }
        }
    }

    private var facts: FactSheet {
        var facts = [
            "version": softwareVersion, "libzmq": Context.libraryVersion,
            "curve": Context.hasCurve ? "yes" : "no", "sqlite": JobJournal.libraryVersion,
        ]
        facts.merge(Decompressor.libraryVersions) { $1 }
        return FactSheet(facts)
    }

    private func serve() throws {
        let logger = try operating.beginLog("sounder-coordinator")
        let address = try Address(listen)
        let keys = try CoordinatorKeys.find(
            for: address, KeyFlags(directory: keys, isInsecure: insecure))
        let descriptors = try Descriptors.raiseLimit()
        try makeDirectory(state)
        let journal = try JobJournal(
            path: journalPath, isDurable: temporary == nil)
        let context = try Context(ioThreads: processorCount() < 8 ? 2 : 4)
        let door = try Doorkeeper(
            keys: keys, context: context, connectionsMax: descriptors - Descriptors.reserve,
            logger: logger)
        var socket = try Socket(.control, context: context, behind: door)
        let bound = try socket.bind(to: address)
        let bulk = try BulkExchange(
            serving: bound.bulk(), context: context, softwareVersion: softwareVersion,
            epoch: journal.epoch, behind: door)
        let cluster = try ClusterThread()
        let payloads = PayloadTable(
            bulk: bulk, directory: state, isDurable: temporary == nil, logger: logger)
        for job in journal.recovered { job.ended.map(payloads.restore) }
        payloads.removeLeftovers(
            besides: journal.recovered.filter { $0.ended == nil }.map(\.job),
            failed: journal.recovered.filter { $0.ended?.state == .failed }.map(\.job))
        let meters = CoordinatorMeters(epoch: journal.epoch)
        meters.registry.register(bulk)
        meters.registry.register(door)
        let service = try Service(operating, meters.registry, logger: logger) { nil }
        let store = try StoreThread(
            payloads: payloads, events: cluster.events, meters: meters, logger: logger)
        let supervision = try Supervision.watch(parentDescriptor: parentFd) {
            [temporary] reason in
            if reason == .parentDied, let temporary { abandon(temporary) }
            service.notifier.stopping()
            cluster.stop()
        }
        logger.notice("listening at \(bound), epoch \(journal.epoch)")
        if insecure {
            logger.warning("\(bound) lets in every program of this machine, without keys")
        }
        var policy = Policy()
        policy.livenessMilliseconds = liveness
        policy.leaseMilliseconds = lease
        // A worker holds one model: two trainings by turns would drop each other's parameters.
        policy.jobsRunningMax = 1
        policy.heartbeatMilliseconds = min(1_000, liveness / 5, lease / 5)
        let search = try SearchThread(
            at: bound.search(), context: context, behind: door, epoch: journal.epoch,
            policy: policy, bulk: bulk, meters: meters, logger: logger)
        service.notifier.ready()
        try cluster.run(
            socket: &socket, behind: door, journal: journal, store: store, policy: policy,
            seed: UInt64.random(in: 0...UInt64.max), meters: meters, service: service,
            logger: logger)
        withExtendedLifetime(supervision) {}
        search.stop()
        store.stop()
        bulk.stop()
        logger.notice("stopped")
        // Threads that wait for signals have nothing to hand over.
        endProgram(code: 0)
    }
}

/// Ends this process together with everything that its parent has left.
private func abandon(_ directory: String) -> Never {
    // The workers learn of it at the same moment and may still be writing.
    for _ in 0..<100 {
        removeTree(directory)
        if access(directory, F_OK) != 0 { break }
        usleep(20_000)
    }
    endProgram(code: 0)
}
