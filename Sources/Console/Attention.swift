// Waiting with an eye on the user and on the job's own cluster.

import Client
import Protocol
import Transport

/// Waits for `request` while `cluster` lives and the user does not ask for an end.
///
/// - Parameters:
///   - cluster: a cluster of our own, if there is one; it is killed when this throws.
///   - interrupts: those that are being dealt with.
/// - Returns: nil if more interrupts came before the end of `request`, which was cancelled then.
func attended<Value: Sendable>(
    _ cluster: LocalCluster?, interrupts: Int = 0,
    _ request: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    do {
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await request() }
            group.addTask {
                while Interrupts.received == interrupts {
                    try cluster?.watch()
                    try await Task.sleep(for: .milliseconds(20))
                }
                return nil
            }
            let first = try await group.next() ?? nil
            group.cancelAll()
            if first != nil { return first }
            // It may have come to its end all the same.
            return (try? await group.next()) ?? nil
        }
    } catch {
        // Nothing is left to be drained.
        cluster?.kill()
        throw error
    }
}

extension LocalCluster {
    /// A connection to the cluster, once its `count` workers are there.
    ///
    /// - Throws: a `Fault` if they do not come or the user interrupts; then the cluster is gone.
    func client(awaiting count: Int, context: Context) async throws -> ClusterClient {
        let client = try await attended(self) { [destination] in
            let client = try await ClusterClient.connect(to: destination, context: context)
            do {
                try await client.awaitWorkers(count, deadlineSeconds: 30)
                return client
            } catch {
                client.close()
                throw error
            }
        }
        guard let client else {
            kill()
            throw Fault(.cancelled, "interrupted before the cluster was up")
        }
        return client
    }
}
