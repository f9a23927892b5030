// Whether the loop that matters still turns: what watchdogs and probes go by.

import Synchronization
import Transport

/// One loop calls `turn` whenever it comes round; nobody else may. So a loop that hangs is known to
/// hang, whatever the other threads of the process do.
public final class Pulse: Sendable {
    /// Silence after which /healthz says that the loop hangs.
    public static let silenceMaxMilliseconds: Int64 = 10_000

    private let notifier: ServiceNotifier
    private let turnedAt: Atomic<Int64>
    private let beatAt = Atomic<Int64>(0)

    public init(_ notifier: ServiceNotifier) {
        self.notifier = notifier
        turnedAt = Atomic(monotonicMilliseconds())
    }

    /// The loop must come round this often, in milliseconds.
    public var waitMaxMilliseconds: Int { min(1_000, notifier.watchdogMilliseconds ?? 1_000) }

    public func turn() {
        let now = monotonicMilliseconds()
        turnedAt.store(now, ordering: .relaxed)
        // A little early, because the next turn may be a little late.
        guard let period = notifier.watchdogMilliseconds,
            now - beatAt.load(ordering: .relaxed) >= Int64(period - period / 8)
        else { return }
        beatAt.store(now, ordering: .relaxed)
        notifier.beat()
    }

    /// Milliseconds since the last turn.
    public var silence: Int64 { monotonicMilliseconds() - turnedAt.load(ordering: .relaxed) }
}
