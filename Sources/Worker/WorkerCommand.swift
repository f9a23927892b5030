// `sounder-worker`: the process that runs work units.

import ArgumentParser
import CKernels
import Cluster
import Glibc
import Logging
import Protocol
import Synchronization
import Telemetry
import Transport

@main
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sounder-worker",
        abstract: "Run work units for a Sounder cluster.",
        discussion: """
            Connects to the coordinator and needs no open port of its own, but for
            reductions that workers share (--peer). SIGTERM lets it finish what it
            runs; a second one stops it at once.

            Examples:
              sounder-worker --coordinator tcp://10.0.0.1:5761 --threads 16
              sounder-worker --coordinator ipc:///run/sounder/control --cache /scratch
            """,
        version: softwareVersion)

    @Option(help: ArgumentHelp("tcp://HOST:PORT or ipc://PATH.", valueName: "address"))
    var coordinator: String
    @Option(help: "Threads of computation. Default: the machine's cores.")
    var threads: Int?
    @Option(
        help: ArgumentHelp(
            "Directory for encoded text and models; workers may share it. Default: a temporary "
                + "one.",
            valueName: "dir"))
    var cache: String?
    @Option(help: "Name in listings, unique in the cluster. Default: the host's name and a number.")
    var name: String?
    @Flag(
        help: """
            Fetch text and models from the coordinator even where this machine sees the same files.
            """)
    var fetchText = false
    @Flag(help: "End if the coordinator does not answer for five seconds, instead of waiting.")
    var once = false
    @Option(
        help: ArgumentHelp(
            "Directory of keys. Default: SOUNDER_KEYS, else ~/.config/sounder/keys.",
            valueName: "dir"))
    var keys: String?
    @Option(
        help: ArgumentHelp(
            "Key of this worker. Default: SOUNDER_KEY, else the one in the key directory.",
            valueName: "file"))
    var key: String?
    @Option(
        help: ArgumentHelp(
            "Public key of the coordinator, as a file or as text. Default: SOUNDER_SERVER_KEY, "
                + "else coordinator.pub in the key directory.", valueName: "key"))
    var serverKey: String?
    @Option(
        help: ArgumentHelp(
            "Where other workers fetch this one's share of a reduction: tcp://HOST:PORT, by which "
                + "they must reach it, or ipc://PATH. Default: none; on a Unix socket, beside it.",
            valueName: "address"))
    var peer: String?
    @Flag(help: "Connect without keys, to this machine alone.")
    var insecure = false
    @OptionGroup var operating: OperatingOptions
    @Option(help: .hidden)
    var parentFd: Int32?

    func validate() throws {
        if let threads, !(1...Limits.threadsMax).contains(threads) {
            throw ValidationError(
                "--threads \(threads) is out of range; it must lie in 1...\(Limits.threadsMax)")
        }
    }

    func run() throws {
        if operating.facts {
            return FactSheet([
                "version": softwareVersion, "libzmq": Context.libraryVersion,
                "instructionSet": String(cString: kernels_isa_name()),
            ]).show()
        }
        do {
            if let fault = try work() { ProgramLog.end("sounder-worker", fault) }
            endProgram(code: 0)
        } catch let fault as Fault {
            ProgramLog.end("sounder-worker", fault)
        } catch let error as TransportError {
            ProgramLog.end("sounder-worker", error.fault)
        }
    }

    private func work() throws -> Fault? {
        let logger = try operating.beginLog("sounder-worker")
        let address = try Address(coordinator)
        let keys = try ClientKeys.find(
            for: address,
            KeyFlags(directory: keys, key: key, serverKey: serverKey, isInsecure: insecure))
        let threads = threads ?? processorCount()
        // Every worker that this one fetches from takes some sockets and descriptors.
        raiseDescriptorLimit()
        let context = try Context(maxSockets: PeerPlane.socketsMax)
        let identity = WorkerID(name ?? uniqueName())
        let bulk = try BulkExchange(
            connectingTo: address.bulk(), as: identity, role: .worker, context: context,
            softwareVersion: softwareVersion, keys: keys)
        let peers = try makePeers(address, identity, context, logger)
        let directory = try CacheDirectory(cache)
        defer { directory.remove() }
        let ended = try Mailbox<UnitEnd>()
        let fetchText = fetchText
        let path = directory.path
        let meters = WorkerMeters(threads: threads)
        meters.registry.register(bulk)
        let service = try Service(operating, meters.registry, logger: logger) {
            meters.isConnected ? nil : "no coordinator answers at \(address)"
        }
        let compute = try ComputeThread(ended: ended, meters: meters, logger: logger) {
            makeRunners(
                bulk: bulk, peers: peers, threads: threads, cache: path, readsInPlace: !fetchText)
        }
        let search = try SearchServer(
            to: address.search(), as: identity, keys: keys, context: context, logger: logger,
            makeScorer: {
                ShardScorer(
                    shelf: IndexShelf(bulk: bulk, cache: path, readsInPlace: !fetchText),
                    threads: threads)
            },
            makePairScorer: {
                PairScorer(
                    models: ModelShelf(
                        bulk: bulk, cache: path + "/pairs", readsInPlace: !fetchText),
                    threads: threads)
            })
        let control = ControlThread(ended: ended)
        let supervision = try Supervision.watch(parentDescriptor: parentFd) { reason in
            if reason == .parentDied || control.isDraining {
                directory.remove()
                endProgram(code: reason == .signal ? 143 : 0)
            }
            service.notifier.stopping()
            service.notifier.status("finishing what runs")
            control.drain()
        }
        var socket = try Socket(.dealer, plane: .control, context: context, keys: keys)
        var session = makeSession(identity, threads, hasPeers: peers != nil)
        let fault = try control.run(
            socket: &socket, session: &session, compute: compute, bulk: bulk,
            judge: HandshakeJudge(address, keys), to: address, meters: meters, service: service,
            logger: logger)
        withExtendedLifetime(supervision) {}
        // Before those who may wait for what they fetch.
        bulk.stop()
        compute.stop()
        search.stop()
        peers?.stop()
        return fault.map { fault in
            fault.message.contains(address.description)
                ? fault : Fault(fault.code, "\(fault.message) (\(address))")
        }
    }

    /// Where others fetch from this worker; nil where it has no place for that.
    private func makePeers(
        _ coordinator: Address, _ identity: WorkerID, _ context: Context, _ logger: Logger
    ) throws -> PeerPlane? {
        guard let address = try peer.map({ try Address($0) }) ?? coordinator.peer(of: getpid())
        else { return nil }
        coordinator.removeLeftPeers()
        let peers = try PeerPlane(
            listeningAt: address, as: identity, usesKeys: !insecure, context: context,
            softwareVersion: softwareVersion, logger: logger)
        logger.debug("other workers fetch from \(peers.endpoint.address)")
        return peers
    }

    private func makeSession(
        _ identity: WorkerID, _ threads: Int, hasPeers: Bool
    ) -> WorkerSession {
        var policy = SessionPolicy()
        if once {
            // The program is to have ended after 5 s.
            policy.firstContactMilliseconds = 4_500
            policy.giveUpMilliseconds = 30_000
        }
        let capabilities = Capabilities(
            kinds: [
                CountWordsRunner.kind, EncodeWordsRunner.kind, TrainWordsRunner.kind,
                CountPairsRunner.kind, TrainGloVeRunner.kind, FactorisePairsRunner.kind,
                EncodeChunkRunner.kind, UnitTask.continuedTrainingKind,
            ] + IndexChunkRunner.kinds + RerankChunkRunner.kinds
                + (hasPeers ? [UnitTask.sharedTrainingKind, ReduceWordsRunner.kind] : []),
            slots: 1, threads: threads, instructionSet: String(cString: kernels_isa_name()),
            host: hostName(), processID: Int(getpid()))
        let hello = Hello(
            softwareVersion: softwareVersion, role: .worker, name: identity,
            capabilities: capabilities)
        return WorkerSession(
            hello: hello, policy: policy, seed: UInt64.random(in: 0...UInt64.max),
            at: Moment(milliseconds: monotonicMilliseconds()))
    }
}

/// A restarted worker is a new worker, so its name says which life it is.
private func uniqueName() -> String {
    "\(hostName().prefix(60))-\(getpid())-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"
}

/// The runners of this worker, made on the thread that uses them.
private func makeRunners(
    bulk: BulkExchange, peers: PeerPlane?, threads: Int, cache: String, readsInPlace: Bool
) -> [any UnitRunner] {
    let texts = CorpusTexts(bulk: bulk, readsInPlace: readsInPlace)
    let partitions = Partitions(texts: texts, bulk: bulk, directory: cache, threads: threads)
    let words = WordModels(partitions: partitions, threads: threads)
    let models = ModelShelf(bulk: bulk, cache: cache, readsInPlace: readsInPlace)
    let chunks = ChunkReader(bulk: bulk, readsInPlace: readsInPlace)
    return [
        CountWordsRunner(texts: texts, bulk: bulk, threads: threads),
        EncodeWordsRunner(partitions: partitions),
        TrainWordsRunner(models: words, bulk: bulk, peers: peers),
        CountPairsRunner(partitions: partitions, bulk: bulk, cache: cache, threads: threads),
        TrainGloVeRunner(bulk: bulk, cache: cache, threads: threads),
        FactorisePairsRunner(bulk: bulk, threads: threads),
        EncodeChunkRunner(models: models, chunks: chunks, bulk: bulk, threads: threads),
        IndexChunkRunner(
            models: models, chunks: chunks, bulk: bulk, threads: threads, cache: cache),
        RerankChunkRunner(models: models, chunks: chunks, bulk: bulk, threads: threads),
    ] + (peers.map { [ReduceWordsRunner(models: words, bulk: bulk, peers: $0)] } ?? [])
}
