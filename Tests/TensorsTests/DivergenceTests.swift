// How far deltas are apart, on deltas of which the angle is known.

import Tensors
import Testing

@Suite struct DivergenceTests {
    private func delta(_ rows: [[Float]]) throws -> RowDelta {
        let live = try Matrix(rows: rows.count, columns: rows[0].count)
        let base = try Matrix(rows: rows.count, columns: rows[0].count)
        for (row, values) in rows.enumerated() {
            for (column, value) in values.enumerated() { live.row(row)[column] = value }
        }
        return try RowDelta.encode(from: live, base: base, threads: 1)
    }

    private func divergence(_ deltas: [[[Float]]]) throws -> Double? {
        let made = try deltas.map(delta)
        let rows = 0..<deltas[0].count
        return RowDelta.divergence(made.map(\.view), rows: rows)
    }

    @Test("deltas that are the same do not diverge, opposite ones do so twice over")
    func extremes() throws {
        #expect(try divergence([[[1, 2]], [[1, 2]], [[1, 2]]]) == 0)
        #expect(try divergence([[[1, 2]], [[-1, -2]]]) == 2)
    }

    @Test("deltas at right angles have nothing in common, be it by rows that only one has")
    func orthogonal() throws {
        #expect(try divergence([[[4, 0]], [[0, 4]]]) == 1)
        #expect(
            try divergence([[[4, 1], [0, 0]], [[0, 0], [3, 2]], [[0, 0], [0, 0]]]) == 1)
    }

    @Test("two deltas of one length are apart by 1 less their cosine")
    func cosine() throws {
        let found = try #require(try divergence([[[1, 0]], [[0.5, 0.8660254]]]))
        // bf16 keeps eight bits.
        #expect(abs(found - 0.5) < 0.005)
    }

    @Test("one delta alone, and deltas of nothing, have no divergence")
    func none() throws {
        #expect(try divergence([[[1, 2]]]) == nil)
        #expect(try divergence([[[0, 0]], [[0, 0]]]) == nil)
    }
}
