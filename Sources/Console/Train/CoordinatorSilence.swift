// Tells people that their coordinator does not answer, and when it does again.

import Protocol
import Synchronization
import Transport

/// Requests wait for a coordinator that is restarted meanwhile. Whoever looks on is told once that
/// they do, and once that it is over.
struct CoordinatorSilence: Sendable {
    let address: Address
    /// Silence that is not worth a word.
    var toleratedMilliseconds: Int64 = 5_000
    let say: @Sendable (String) -> Void

    private enum State { case waiting, told, over }

    private final class Watch: Sendable {
        let state = Mutex(State.waiting)
    }

    /// Runs a request that may wait for `deadlineSeconds`.
    func watching<Value: Sendable>(
        deadlineSeconds: Double, _ request: @Sendable () async throws -> Value
    ) async throws -> Value {
        let began = monotonicMilliseconds()
        let watch = Watch()
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                try await Task.sleep(for: .milliseconds(toleratedMilliseconds))
                watch.state.withLock { state in
                    if state != .waiting { return }
                    state = .told
                    say(complaint(deadlineSeconds))
                }
                return nil
            }
            defer { group.cancelAll() }
            let value = try await request()
            watch.state.withLock { state in
                if state == .told { say(relief(after: monotonicMilliseconds() - began)) }
                state = .over
            }
            return value
        }
    }

    private func complaint(_ deadlineSeconds: Double) -> String {
        "sounder: the coordinator at \(address) has not answered for "
            + "\((Double(toleratedMilliseconds) / 1_000).fixed(0)) s; trying on, for "
            + "\(deadlineSeconds.fixed(0)) s in all"
    }

    private func relief(after milliseconds: Int64) -> String {
        "sounder: the coordinator at \(address) answers again after "
            + "\((Double(milliseconds) / 1_000).fixed(0)) s"
    }
}
