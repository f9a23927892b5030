// The loop of the online plane: questions in, requests to workers out, answers back.

import Cluster
import Logging
import Protocol
import Synchronization
import Transport

/// Has a socket and a thread of its own, so that neither the journal nor bulk transfers delay an
/// answer.
final class SearchThread: Sendable {
    private let thread: OwnedThread
    private let wake: Mailbox<Void>
    private let stopping: Stop

    private final class Stop: Sendable {
        let isWanted = Atomic<Bool>(false)
    }

    /// Listens at `address` when it returns.
    init(
        at address: Address, context: Context, behind door: Doorkeeper, epoch: UInt64,
        policy: Policy, bulk: BulkExchange, meters: CoordinatorMeters, logger: Logger
    ) throws {
        let wake = try Mailbox<Void>()
        let stopping = Stop()
        self.wake = wake
        self.stopping = stopping
        let started = Promise<TransportError?>()
        thread = try OwnedThread(name: "search") {
            do throws(TransportError) {
                var socket = try Socket(.search, context: context, behind: door)
                try socket.bind(to: address)
                started.fulfil(nil)
                var desk = SearchDesk(
                    behind: door, epoch: epoch, policy: policy, files: OfferedIndexes(bulk: bulk),
                    meters: meters, logger: logger)
                while !stopping.isWanted.load(ordering: .acquiring) {
                    try Poll.wait(
                        [socket.readable, wake.readable],
                        timeoutMilliseconds: desk.patience(at: monotonicMilliseconds()))
                    _ = wake.drain()
                    try desk.turn(&socket)
                }
            } catch {
                started.fulfil(error)
                logger.error("searches have ended: \(error)")
            }
        }
        guard let result = started.wait(seconds: 10) else {
            throw TransportError.system(operation: "listening at \(address)", reason: "it hangs")
        }
        if let result { throw result }
    }

    func stop() {
        stopping.isWanted.store(true, ordering: .releasing)
        wake.post(())
        thread.join()
    }
}
