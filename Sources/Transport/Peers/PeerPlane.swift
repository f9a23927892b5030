// What a worker offers to other workers, and its connections to what they offer.

public import Logging
public import Protocol
import Synchronization

/// Listens on a port of its own, whose payloads are for the workers of a job alone; nothing else of
/// the worker can be had there. Every function may be called from any thread.
public final class PeerPlane: Sendable {
    /// Seconds without a connection after which a peer counts as gone.
    static let patienceSeconds = 3.0
    /// Seconds without a byte after which a peer that is connected counts as stopped: well before
    /// the lease of a unit expires that waits for nothing else, so that it can say what is missing.
    private static let silenceSeconds = 10.0
    /// A transfer may take so long, and a second more for each megabyte.
    private static let deadlineSeconds = 20.0
    private static let bytesPerSecond = 1e6
    /// Connections that are kept; each has a thread, and three sockets with those of its monitor.
    private static let linksMax = 320
    /// What the messaging library has to allow for: those of the links, and the program's own.
    public static let socketsMax = 3 * linksMax + 63

    private struct Link {
        let exchange: BulkExchange
        var usedAt: UInt64
    }

    private struct State {
        var links: [PeerEndpoint: Link] = [:]
        var uses: UInt64 = 0
        var key: PeerKey?
        var own: [String: Frame] = [:]

        /// Peers that went away come back under another key, or never: nobody asks for them again,
        /// and what led to them would keep its sockets for as long as the job runs.
        mutating func takeDeserted() -> [BulkExchange] {
            let deserted = links.filter { $1.exchange.isDeserted }
            for peer in deserted.keys { links[peer] = nil }
            return deserted.values.map(\.exchange)
        }
    }

    /// What the others are told.
    public let endpoint: PeerEndpoint
    private let name: WorkerID
    private let context: Context
    private let softwareVersion: String
    private let keys: CoordinatorKeys?
    private let door: Doorkeeper
    private let serving: BulkExchange
    private let state = Mutex(State())

    /// - Parameters:
    ///   - address: where to listen; others must reach it by this very text.
    ///   - usesKeys: false on Unix sockets, and with `--insecure` on loopback.
    /// - Throws: a `Fault` or `TransportError` that says why nobody can listen there.
    public init(
        listeningAt address: Address, as name: WorkerID, usesKeys: Bool, context: Context,
        softwareVersion: String, logger: Logger
    ) throws {
        let pair = usesKeys && !address.isUnixSocket ? try KeyPair.generate() : nil
        guard pair != nil || address.isLoopback else {
            throw Fault(
                .usage, "\(address) can be reached from other machines, and --insecure leaves out "
                    + "the keys; name one of this machine as --peer, or leave out --insecure")
        }
        self.name = name
        self.context = context
        self.softwareVersion = softwareVersion
        keys = pair.map { CoordinatorKeys(listeningAs: $0) }
        door = try Doorkeeper(
            keys: keys, context: context, connectionsMax: 4_096, claimsNames: false, logger: logger)
        serving = try BulkExchange(
            serving: address, context: context, softwareVersion: softwareVersion, epoch: 0,
            behind: door)
        endpoint = PeerEndpoint(
            address: serving.address.description, key: pair.map { "\($0.publicKey)" })
    }

    deinit { stop() }

    public func stop() {
        let links = state.withLock { state in
            defer { state.links = [:] }
            return state.links.values.map(\.exchange)
        }
        for exchange in links { exchange.stop() }
        serving.stop()
        // A program may end before the library has removed it.
        serving.address.removeOwnSocket()
        door.stop()
    }

    /// Lets in those who hold the key of the job that runs now, and nobody else. Connections of
    /// another job's are closed.
    ///
    /// - Throws: `.data` if `text` is no key; `.configuration` if one is needed.
    public func admit(_ text: String?) throws(Fault) {
        let key = text.flatMap { PeerKey($0) }
        guard (key != nil) == (text != nil) else {
            throw Fault(.data, "the key of the job for its workers is not one")
        }
        guard key != nil || keys == nil else {
            throw Fault(
                .configuration, "the coordinator hands out no key for fetches between workers, and "
                    + "\(endpoint.address) lets nobody in without; see that its libzmq has CURVE")
        }
        let closed: [BulkExchange] = state.withLock { state in
            guard state.key != key else { return [] }
            defer { state.links = [:] }
            state.key = key
            return state.links.values.map(\.exchange)
        }
        let admitted = key.map {
            AuthorizedKey(role: .worker, key: $0.pair.publicKey, name: "job")
        }
        keys?.set(admitted.map { [$0] } ?? [])
        for exchange in closed { exchange.stop() }
    }

    // MARK: Offering

    /// Serves `frame` to the workers of the job until it is withdrawn.
    @discardableResult
    public func offer(id: String, frame: Frame) -> PayloadReference {
        state.withLock { $0.own[id] = frame }
        return serving.offer(id: id, frame: frame)
    }

    /// Memory is freed when nobody reads it any more.
    public func withdraw(where isOld: (String) -> Bool) {
        let ids = state.withLock { state in
            let ids = state.own.keys.filter(isOld)
            for id in ids { state.own[id] = nil }
            return ids
        }
        for id in ids { _ = serving.withdraw(id: id, waitingSeconds: 0) }
    }

    // MARK: Fetching

    /// Fetches without blocking; `completion` runs once, perhaps before this returns.
    public func fetch(
        _ reference: PayloadReference, from peer: PeerEndpoint, arrivals: Arrivals? = nil,
        completion: @escaping @Sendable (Result<Frame, Fault>) -> Void
    ) {
        if peer == endpoint {
            let frame = state.withLock { $0.own[reference.id] }
            return completion(
                frame.map { .success($0) }
                    ?? .failure(
                        Fault(.payloadMissing, "\(reference.id) is not held here any more")))
        }
        let seconds = Self.deadlineSeconds + Double(reference.size) / Self.bytesPerSecond
        do throws(Fault) {
            try link(to: peer).fetch(
                reference, from: .coordinator, deadlineSeconds: seconds, arrivals: arrivals,
                completion: completion)
        } catch {
            completion(.failure(error))
        }
    }

    private func link(to peer: PeerEndpoint) throws(Fault) -> BulkExchange {
        let (deserted, known) = state.withLock { state in
            state.uses += 1
            let deserted = state.takeDeserted()
            state.links[peer]?.usedAt = state.uses
            return (deserted, state.links[peer]?.exchange)
        }
        for exchange in deserted { exchange.stop() }
        if let known { return known }
        let made = try connect(to: peer)
        let dropped: BulkExchange? = state.withLock { state in
            state.links[peer] = Link(exchange: made, usedAt: state.uses)
            guard state.links.count > Self.linksMax else { return nil }
            let oldest = state.links.min { $0.value.usedAt < $1.value.usedAt }
            return oldest.flatMap { state.links.removeValue(forKey: $0.key)?.exchange }
        }
        dropped?.stop()
        return made
    }

    private func connect(to peer: PeerEndpoint) throws(Fault) -> BulkExchange {
        do throws(TransportError) {
            return try BulkExchange(
                connectingTo: try Address(peer.address), as: name, role: .worker, context: context,
                softwareVersion: softwareVersion, keys: try clientKeys(for: peer),
                patienceSeconds: Self.patienceSeconds, silenceSeconds: Self.silenceSeconds)
        } catch { throw error.fault }
    }

    private func clientKeys(for peer: PeerEndpoint) throws(TransportError) -> ClientKeys {
        guard let text = peer.key else {
            // Without keys only this machine is spoken to, whatever others say.
            guard try Address(peer.address).isLoopback else {
                throw .badAddress(peer.address, reason: "it has no key, and is of another machine")
            }
            return .none
        }
        guard let server = PublicKey(text), let key = state.withLock({ $0.key }) else {
            throw .badAddress(peer.address, reason: "there is no key for it")
        }
        return ClientKeys(job: key, server: server)
    }
}
