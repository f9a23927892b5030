// The speed of one core at each part of a sync, in bytes of the payload that goes over the wire.

import Glibc
import Tensors
import Transport

enum Speeds {
    private static let rows = 60_000
    private static let workers = 8

    static func measured(dim: Int) throws -> [String: Double] {
        let base = try Matrix(rows: rows, columns: dim)
        base.fillUniform(within: 0.5, seed: 1, threads: 2)
        let live = try Matrix(rows: rows, columns: dim)
        live.fillUniform(within: 0.5, seed: 2, threads: 2)
        let delta = try RowDelta.encode(from: live, base: base, threads: 1, what: "rows")
        let bytes = Double(delta.buffer.byteCount)
        let checked = try seconds {
            try delta.withUnsafeBytes { _ = try RowDelta.View($0) }
        }
        let summed = try seconds { _ = delta.withUnsafeBytes { Checksum.of($0) } }
        let (one, many) = (try merge(delta, count: 1, dim), try merge(delta, count: workers, dim))
        let perDelta = (many - one) / Double(workers - 1)
        return [
            "encode": bytes / (try seconds {
                _ = try RowDelta.encode(from: live, base: base, threads: 1, what: "rows")
            }),
            "check": bytes / checked, "checksum": bytes / summed, "mergeDelta": bytes / perDelta,
            "mergeStep": bytes / max(one - perDelta, 1e-9),
            "apply": bytes / (try seconds { try delta.view.apply(to: base, threads: 1) }),
        ]
    }

    /// A step with shares of the sum and momentum, as in the cluster.
    private static func merge(_ delta: RowDelta, count: Int, _ dim: Int) throws -> Double {
        let parameters = try Matrix(rows: rows, columns: dim)
        parameters.fillUniform(within: 0.5, seed: 3, threads: 2)
        let optimizer = try OuterNesterov(parameters: parameters, momentum: 0.5, rate: 1)
        let shares = RowShares(
            updates: Array(repeating: 10, count: rows), contraction: 0.05, workers: count)
        return try seconds {
            _ = try optimizer.step(
                deltas: Array(repeating: delta.view, count: count),
                weights: Array(repeating: 1 / Float(count), count: count), shares: shares,
                threads: 1)
        }
    }

    /// Of the processor, the least of five: others use the machine, too.
    private static func seconds(_ body: () throws -> Void) throws -> Double {
        try (0..<5).reduce(Double.infinity) { best, _ in
            let began = processorSeconds()
            try body()
            return min(best, processorSeconds() - began)
        }
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
