// The bulk plane of one process: payloads go out and come in over one socket and one thread.

import Glibc
public import Protocol
import Synchronization

/// Serves what the process offers and fetches what it needs. The coordinator listens; workers and
/// clients connect, and either end fetches from the other over that one connection. Every function
/// may be called from any thread.
public final class BulkExchange: Sendable {
    /// Where it listens, with the port that was chosen, or where it connects to.
    public let address: Address
    private let shared: BulkShared
    private let thread: OwnedThread
    private let serving: Greeting?

    /// What WELCOME says besides the epoch.
    private struct Greeting {
        let softwareVersion: String
        let heartbeatMilliseconds: Int
        let livenessMilliseconds: Int

        func welcome(epoch: UInt64) -> Welcome {
            Welcome(
                epoch: epoch, softwareVersion: softwareVersion,
                heartbeatMilliseconds: heartbeatMilliseconds,
                livenessMilliseconds: livenessMilliseconds)
        }
    }

    /// The coordinator's end.
    ///
    /// - Parameters:
    ///   - address: the bulk address (see `Address.bulk()`), not that of the control plane.
    ///   - door: who may connect, and say what; without one everybody may, without keys.
    /// - Throws: `.addressInUse`, `.cannotBind`, `.badAddress`.
    public init(
        serving address: Address, context: Context, softwareVersion: String, epoch: UInt64,
        heartbeatMilliseconds: Int = 1_000, livenessMilliseconds: Int = 10_000,
        behind door: Doorkeeper? = nil
    ) throws(TransportError) {
        let greeting = Greeting(
            softwareVersion: softwareVersion, heartbeatMilliseconds: heartbeatMilliseconds,
            livenessMilliseconds: livenessMilliseconds)
        shared = try BulkShared()
        serving = greeting
        (thread, self.address) = try Self.start(
            .serving(greeting.welcome(epoch: epoch), door), address, context, shared)
    }

    /// The end of a worker or a client. Connects in the background; `waitForWelcome` tells when.
    ///
    /// - Parameters:
    ///   - name: the name that the process has on the control plane, too.
    ///   - patienceSeconds: without a connection, after which fetches fail; nil waits for as long
    ///     as each of them may take.
    ///   - silenceSeconds: with a connection and without a byte, after which they fail, too.
    public init(
        connectingTo address: Address, as name: WorkerID, role: Role, context: Context,
        softwareVersion: String, keys: ClientKeys = .none, patienceSeconds: Double? = nil,
        silenceSeconds: Double = .infinity
    ) throws(TransportError) {
        let hello = Hello(
            softwareVersion: softwareVersion, role: role, name: name,
            capabilities: role == .worker ? Self.noCapabilities : nil)
        shared = try BulkShared()
        serving = nil
        (thread, self.address) = try Self.start(
            .connecting(
                BulkLoop.Link(
                    hello: hello, keys: keys, judge: HandshakeJudge(address, keys),
                    patience: patienceSeconds, silence: silenceSeconds)),
            address, context, shared)
    }

    deinit { stop() }

    /// What a worker can do is said on the control plane; here only its name matters.
    private static let noCapabilities = Capabilities(
        kinds: [], slots: 1, threads: 1, instructionSet: "", host: "", processID: Int(getpid()))

    private static func start(
        _ side: BulkLoop.Side, _ address: Address, _ context: Context, _ shared: BulkShared
    ) throws(TransportError) -> (OwnedThread, Address) {
        let started = Promise<Result<Address, TransportError>>()
        let thread = try OwnedThread(name: "bulk") {
            do throws(TransportError) {
                let loop = try BulkLoop(side, address: address, context: context, shared: shared)
                var bound = address
                if case .serving = side { bound = try loop.socket.bind(to: address) }
                started.fulfil(.success(bound))
                loop.run()
            } catch {
                started.fulfil(.failure(error))
            }
        }
        guard let result = started.wait(seconds: 10) else {
            throw .system(operation: "starting the bulk plane on \(address)", reason: "it hangs")
        }
        return (thread, try result.get())
    }

    /// Joins the thread. Fetches under way fail; later ones fail at once. Not to be called by the
    /// completion of a fetch.
    public func stop() {
        shared.mailbox.post(.stop)
        thread.join()
    }

    public var counters: BulkCounters { shared.counts.now }

    /// Whether nobody has answered at the other end for `patienceSeconds`, or this end has failed.
    var isDeserted: Bool { shared.isDeserted.load(ordering: .relaxed) }

    /// The listening side greets with `epoch` from now on.
    public func setEpoch(_ epoch: UInt64) {
        guard let serving else { preconditionFailure("only the listening side has an epoch") }
        shared.mailbox.post(.greet(serving.welcome(epoch: epoch)))
    }

    /// The worker counts as gone: what is being fetched from it fails now and not at its deadline.
    /// Should it live after all, it is served and fetched from as before.
    public func forget(_ worker: WorkerID) { shared.mailbox.post(.forget(worker)) }

    /// Blocks until the listening side has answered HELLO.
    ///
    /// - Throws: its refusal, or `.unavailable` after `seconds`.
    public func waitForWelcome(seconds: Double) throws(Fault) -> Welcome {
        let promise = Promise<Result<Welcome, Fault>>()
        guard shared.mailbox.post(.awaitWelcome(promise)) else { throw .stopped }
        guard let result = promise.wait(seconds: seconds) else {
            throw Fault(
                .unavailable,
                "no coordinator answered on \(address) within \(seconds) s; "
                    + "see that it runs there, and that the port can be reached",
                retryable: true)
        }
        return try result.get()
    }

    // MARK: Offering

    /// Serves `frame` until it is withdrawn. Its bytes must not change before that.
    ///
    /// - Parameters:
    ///   - checksum: its XXH3-64, of pieces if `pieceBytes` is given, if known; computed if nil.
    /// - Returns: what a peer needs to fetch it.
    @discardableResult
    public func offer(
        id: String, frame: Frame, checksum: UInt64? = nil, pieceBytes: Int? = nil
    ) -> PayloadReference {
        precondition((1...Limits.identifierBytesMax).contains(id.utf8.count), "the id \(id)")
        shared.shelf.put(id, .memory(frame), size: frame.count)
        return PayloadReference(
            id: id, size: frame.count,
            checksum: checksum ?? Checksum.of(frame, inPiecesOf: pieceBytes),
            pieceBytes: pieceBytes)
    }

    /// Serves the first `size` bytes of a file, read when asked for. Nobody vouches for them: the
    /// checksum is 0. Once the file has changed nothing more of it is served.
    ///
    /// - Parameter staysOpen: false for one of many files, which would use up the descriptors.
    /// - Throws: `.input` if the file cannot be opened.
    @discardableResult
    public func offer(
        id: String, file path: String, size: Int, staysOpen: Bool = true
    ) throws(Fault) -> PayloadReference {
        precondition((1...Limits.identifierBytesMax).contains(id.utf8.count), "the id \(id)")
        precondition((0...Limits.payloadBytesMax).contains(size), "a file of \(size) bytes")
        shared.shelf.put(id, .file(try OpenFile(path: path, staysOpen: staysOpen)), size: size)
        return PayloadReference(id: id, size: size, checksum: 0)
    }

    /// Stops serving a payload and waits until no chunk of it is being read: its memory may be
    /// rewritten then.
    ///
    /// - Returns: false if a peer still had chunks in its queue after `seconds`, because its
    ///   connection is stalled. The memory must not be rewritten then; let go of it instead, and it
    ///   is freed once the connection is given up.
    public func withdraw(id: String, waitingSeconds seconds: Double = 5) -> Bool {
        shared.shelf.take(id, waiting: seconds)
    }

    /// The same for all payloads whose id begins with `prefix`.
    public func withdraw(prefix: String, waitingSeconds seconds: Double = 5) -> Bool {
        shared.shelf.take(where: { $0.hasPrefix(prefix) }, waiting: seconds)
    }

    // MARK: Fetching

    /// Fetches a payload, blocking the calling thread. Survives a lost connection; bytes that do
    /// not match their checksum are fetched once more.
    ///
    /// - Throws: `.unavailable` after the deadline, `.payloadMissing` if the holder has it no more,
    ///   `.data` if the bytes are damaged.
    public func fetch(
        _ reference: PayloadReference, from holder: Holder, deadlineSeconds: Double,
        arrivals: Arrivals? = nil
    ) throws(Fault) -> Frame {
        try wait(deadlineSeconds) { done in
            fetch(
                reference, from: holder, deadlineSeconds: deadlineSeconds, arrivals: arrivals,
                completion: done)
        }
    }

    /// The same for bytes `offset ..< offset + length` of a payload, without a checksum.
    public func fetchRange(
        id: String, offset: Int, length: Int, from holder: Holder, deadlineSeconds: Double,
        arrivals: Arrivals? = nil
    ) throws(Fault) -> Frame {
        try wait(deadlineSeconds) { done in
            fetch(
                Order(
                    payload: id, offset: offset, length: length, checksum: 0, holder: holder,
                    seconds: deadlineSeconds, arrivals: arrivals, completion: done))
        }
    }

    /// The same without blocking: `completion` runs once, on the thread of the exchange, and must
    /// not take long.
    public func fetch(
        _ reference: PayloadReference, from holder: Holder, deadlineSeconds: Double,
        arrivals: Arrivals? = nil, completion: @escaping @Sendable (Result<Frame, Fault>) -> Void
    ) {
        fetch(
            Order(
                payload: reference.id, offset: 0, length: reference.size,
                checksum: reference.checksum, pieceBytes: reference.pieceBytes, holder: holder,
                seconds: deadlineSeconds, arrivals: arrivals, completion: completion))
    }

    private func fetch(_ order: Order) {
        precondition(order.seconds >= 0, "a deadline of \(order.seconds) s")
        if let pieceBytes = order.pieceBytes, pieceBytes < Limits.pieceBytesMin {
            return order.completion(
                .failure(
                    Fault(
                        .data,
                        "\(order.payload) has checksums of pieces of \(pieceBytes) bytes; they "
                            + "must have \(Limits.pieceBytesMin) at least")))
        }
        let sizes = 0...Limits.payloadBytesMax
        guard (1...Limits.identifierBytesMax).contains(order.payload.utf8.count) else {
            return order.completion(
                .failure(Fault(.data, "a payload's id has \(order.payload.utf8.count) bytes")))
        }
        guard sizes.contains(order.offset), sizes.contains(order.length),
            order.offset + order.length <= Limits.payloadBytesMax
        else {
            return order.completion(
                .failure(
                    Fault(
                        .data,
                        "\(order.length) bytes at \(order.offset) of \(order.payload) are "
                            + "beyond the limit of \(Limits.payloadBytesMax) bytes")))
        }
        if !shared.mailbox.post(.fetch(order)) { order.completion(.failure(.stopped)) }
    }

    private func wait(
        _ seconds: Double, for begin: (@escaping @Sendable (Result<Frame, Fault>) -> Void) -> Void
    ) throws(Fault) -> Frame {
        let promise = Promise<Result<Frame, Fault>>()
        begin { promise.fulfil($0) }
        // The exchange keeps the deadline; the margin is for a thread that gets no processor.
        guard let result = promise.wait(seconds: seconds + 10) else {
            throw Fault(
                .internalError, "the bulk plane did not answer within \(seconds + 10) s",
                retryable: true)
        }
        return try result.get()
    }
}

extension Fault {
    fileprivate static let stopped = Fault(
        .unavailable, "the bulk plane of this process was stopped", retryable: true)
}
