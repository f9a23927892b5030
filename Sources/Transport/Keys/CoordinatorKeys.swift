// The coordinator's own keys, and the live list of those that may connect.

import Glibc
public import Protocol
import Synchronization

/// The pair of a listening side, and who is let in: in memory, and renewed when the file changes.
public final class CoordinatorKeys: Sendable {
    private struct State {
        var holders: [PublicKey: KeyHolder]
        var stamp: Stamp?
    }

    /// What differs between two versions of a file.
    private struct Stamp: Equatable {
        let inode: UInt64
        let size: Int
        let seconds: Int
        let nanoseconds: Int

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            inode = UInt64(status.st_ino)
            size = Int(status.st_size)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    let pair: KeyPair
    /// Nil where the list is not a file but what `set` says.
    private let ring: KeyRing?
    private let state: Mutex<State>

    /// The keys for listening at `address`; nil where none are used: on Unix sockets, and with
    /// `--insecure`. On loopback they are made if there are none.
    ///
    /// - Throws: `.configuration` with the command to run; `.usage`.
    public static func find(
        for address: Address, _ flags: KeyFlags = KeyFlags()
    ) throws(Fault) -> CoordinatorKeys? {
        guard !address.isUnixSocket else { return nil }
        try flags.checkInsecure(address)
        guard !flags.isInsecure else { return nil }
        let ring = try flags.ring
        if address.isLoopback { try ring.makeUnlessThere() }
        guard ring.hasCoordinator else {
            throw Fault(
                .configuration,
                "\(address) can be reached from other machines, and \(ring.directory) has no keys "
                    + "for a coordinator; run `sounder keygen NAME --role worker` first, or "
                    + "listen at tcp://127.0.0.1")
        }
        let file = try ring.coordinator()
        guard address.isLoopback || !file.isAutomatic else {
            throw Fault(
                .configuration,
                "\(address) can be reached from other machines, and the keys in \(ring.directory) "
                    + "were made for this one alone; run `sounder keygen NAME --role worker` for "
                    + "each machine that is to connect")
        }
        guard let pair = file.pair else {
            throw Fault(.configuration, "\(ring.coordinatorPath) has no secret line")
        }
        return try CoordinatorKeys(pair, ring)
    }

    init(_ pair: KeyPair, _ ring: KeyRing) throws(Fault) {
        self.pair = pair
        self.ring = ring
        let stamp = Stamp(ring.authorizedPath)
        state = Mutex(State(holders: Self.holders(try ring.authorized()), stamp: stamp))
    }

    /// Keys of a worker that others fetch from: nobody is let in before `set`.
    init(listeningAs pair: KeyPair) {
        self.pair = pair
        ring = nil
        state = Mutex(State(holders: [:], stamp: nil))
    }

    /// Lets in these and nobody else, from the next message on.
    func set(_ keys: [AuthorizedKey]) {
        let holders = Self.holders(keys)
        state.withLock { $0.holders = holders }
    }

    private static func holders(_ keys: [AuthorizedKey]) -> [PublicKey: KeyHolder] {
        Dictionary(
            keys.map { ($0.key, KeyHolder(name: $0.name, role: $0.role, key: $0.key)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Nil for a key that is not authorised, or not any more.
    func holder(of key: PublicKey) -> KeyHolder? { state.withLock { $0.holders[key] } }

    /// Reads the list again if it has changed. A list that cannot be read authorises nobody, and
    /// so do the lines of it that are wrong: what somebody meant to take away is never kept.
    ///
    /// - Returns: sentences for the log; empty if nothing has changed.
    func refresh() -> [String] {
        guard let ring else { return [] }
        let stamp = Stamp(ring.authorizedPath)
        guard stamp != state.withLock({ $0.stamp }) else { return [] }
        var list = AuthorizedKeys()
        var notes: [String] = []
        do throws(Fault) {
            list = try ring.readList()
            notes = list.complaints.map { "\(ring.authorizedPath): \($0); its key is not let in" }
        } catch {
            notes = ["\(error.message); until then no key is let in"]
        }
        let holders = Self.holders(list.keys)
        let before = state.withLock { state in
            defer { state = State(holders: holders, stamp: stamp) }
            return state.holders
        }
        for (key, holder) in before where holders[key] == nil {
            notes.append("the key \(holder.name) (\(key)) is revoked")
        }
        for (key, holder) in holders where before[key] != holder {
            notes.append("the key \(holder.name) (\(key)) is authorised as \(holder.role.rawValue)")
        }
        return notes.isEmpty ? ["the list of authorised keys was read again"] : notes
    }
}
