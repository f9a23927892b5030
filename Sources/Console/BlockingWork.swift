// Work that blocks, away from the threads that tasks share.

import Transport

/// Tasks share as many threads as there are processors. On a machine of one whoever blocked that
/// thread would keep everybody from seeing an interrupt, or that a cluster has died.
func onOwnThread<Value: Sendable>(
    _ name: String, _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        do {
            _ = try OwnedThread(name: name) { continuation.resume(with: Result { try work() }) }
        } catch {
            continuation.resume(throwing: error)
        }
    }
}
