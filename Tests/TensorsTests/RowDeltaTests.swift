// Row deltas: the round trip, what is left out, and payloads that lie.

import Tensors
import Testing

@Suite("Row deltas")
struct RowDeltaTests {
    @Test("a delta brings the base to the live matrix within bf16, with only the changed rows")
    func roundTrip() throws {
        for (rows, dim) in [(1, 1), (7, 3), (40, 17), (100, 64), (33, 300)] {
            let base = try Matrix.random(rows, dim, seed: rows)
            let live = try base.copy()
            let changed = (0..<rows).filter { $0 % 3 == 0 }
            live.nudge(rows: changed, size: 0.01, seed: dim)
            let delta = try RowDelta.encode(from: live, base: base, threads: 3)
            let view = try delta.received(expecting: (rows, dim))
            #expect((0..<view.presentRows).map { view.row($0) } == changed)
            try view.apply(to: base, threads: 2)
            for (a, b) in zip(base.values, live.values) { #expect(abs(a - b) <= 0.01 / 256 + 1e-7) }
        }
    }

    @Test("the payload does not depend on the number of threads, and may lie at any address")
    func threads() throws {
        let base = try Matrix.random(50, 21, seed: 1)
        let live = try base.copy()
        live.nudge(rows: [0, 3, 4, 20, 49], size: 1, seed: 2)
        let one = try RowDelta.encode(from: live, base: base, threads: 1)
        let five = try RowDelta.encode(from: live, base: base, threads: 5)
        #expect(one.bytes == five.bytes)
        let shifted = [UInt8(0)] + one.bytes
        try shifted.withUnsafeBytes { bytes in
            let view = try RowDelta.View(UnsafeRawBufferPointer(rebasing: bytes[1...]))
            let applied = try base.copy()
            try view.apply(to: applied, threads: 4)
            try one.view.apply(to: base, threads: 1)
            #expect(applied.bits == base.bits)
        }
    }

    @Test("int8 brings the base within half a step of each row, with half the bytes of bf16")
    func int8() throws {
        for (rows, dim) in [(1, 1), (7, 3), (40, 17), (100, 64), (33, 300)] {
            let base = try Matrix.random(rows, dim, seed: rows)
            let live = try base.copy()
            let changed = (0..<rows).filter { $0 % 3 == 0 }
            // Each row has a scale of its own: a small change beside a large one is not lost.
            for row in changed { live.nudge(rows: [row], size: 0.1 / Float(row + 1), seed: row) }
            let delta = try RowDelta.encode(from: live, base: base, format: .int8, threads: 3)
            let one = try RowDelta.encode(from: live, base: base, format: .int8, threads: 1)
            #expect(delta.bytes == one.bytes)
            let view = try delta.received(expecting: (rows, dim))
            #expect(view.format == .int8)
            #expect((0..<view.presentRows).map { view.row($0) } == changed)
            let sizes = RowDelta.Format.allCases.map { $0.rowBytes(dim) * changed.count }
            #expect(abs(delta.bytes.count - sizes[1] - 32) < 64)
            if dim == 300 { #expect(Double(sizes[1]) < 0.52 * Double(sizes[0])) }
            try view.apply(to: base, threads: 2)
            for row in changed {
                for column in 0..<dim {
                    let gap = abs(base.row(row)[column] - live.row(row)[column])
                    #expect(gap <= 0.1 / Float(row + 1) / 127 / 2 * 1.01 + 1e-7)
                }
            }
        }
    }

    @Test("a damaged payload of int8 is refused: scales, sizes, header, and the wrong format")
    func damagedInt8() throws {
        let good = try payload(.int8)
        // Scales of rows 2, 5 and 9 stand behind their numbers.
        let scales: [(Int, UInt32, TensorError)] = [
            (44, Float.nan.bitPattern, .notFinite(row: 2, what: "a row delta")),
            (48, Float.infinity.bitPattern, .notFinite(row: 5, what: "a row delta")),
            (52, Float(3.4e38).bitPattern, .notFinite(row: 9, what: "a row delta")),
            (44, Float(-1).bitPattern, .notFinite(row: 2, what: "a row delta")),
        ]
        for (offset, bits, error) in scales {
            var bytes = good
            let scale = withUnsafeBytes(of: bits.littleEndian) { Array($0) }
            bytes.replaceSubrange(offset..<offset + 4, with: scale)
            try expect(bytes, throws: error)
        }
        for (offset, value) in [(4, UInt8(1)), (4, 3), (16, 5), (20, 2), (24, 1), (32, 5)] {
            var bytes = good
            bytes[offset] = value
            expectMalformed(bytes, "byte \(offset) is \(value)")
        }
        for count in 0..<good.count { expectMalformed(Array(good.prefix(count)), "\(count) bytes") }
        expectMalformed(good + [0], "one byte more")
        for (bytes, other) in [(good, RowDelta.Format.bf16), (try payload(), .int8)] {
            _ = bytes.withUnsafeBytes { bytes in
                #expect(throws: TensorError.self) { _ = try RowDelta.View(bytes, format: other) }
            }
        }
    }

    @Test("equal matrices give a payload without rows")
    func empty() throws {
        let base = try Matrix.random(10, 5, seed: 1)
        let delta = try RowDelta.encode(from: base.copy(), base: base, threads: 2)
        #expect(delta.presentRows == 0)
        #expect(try delta.received().presentRows == 0)
        #expect(delta.bytes.count == 64)
    }

    @Test(
        "values that are not finite are refused by name", arguments: [Float.nan, .infinity],
        RowDelta.Format.allCases)
    func notFinite(bad: Float, format: RowDelta.Format) throws {
        let base = try Matrix.random(30, 20, seed: 1)
        let live = try base.copy()
        live.row(25)[19] = bad
        live.row(11)[3] = bad
        for threads in [1, 4] {
            #expect(throws: TensorError.notFinite(row: 11, what: "the inputs")) {
                _ = try RowDelta.encode(
                    from: live, base: base, format: format, threads: threads,
                    what: "the inputs")
            }
        }
    }

    @Test("an incoming value that is not finite is refused")
    func incomingNotFinite() throws {
        var bytes = try payload()
        bytes[bytes.count - 1] = 0x7F
        bytes[bytes.count - 2] = 0x80
        try expect(bytes, throws: .notFinite(row: 9, what: "a row delta"))
    }

    @Test("the sum that overflows names its row")
    func overflow() throws {
        let base = try Matrix(rows: 3, columns: 2)
        let live = try Matrix(rows: 3, columns: 2)
        live.row(2)[0] = 3e38
        let delta = try RowDelta.encode(from: live, base: base, threads: 1)
        #expect(throws: TensorError.notFinite(row: 2, what: "the parameters")) {
            try delta.view.apply(to: live, threads: 1)
        }
    }

    /// A payload of rows 2, 5 and 9 of `[10, 6]`.
    private func payload(_ format: RowDelta.Format = .bf16) throws -> [UInt8] {
        let base = try Matrix.random(10, 6, seed: 1)
        let live = try base.copy()
        live.nudge(rows: [2, 5, 9], size: 0.5, seed: 2)
        return try RowDelta.encode(from: live, base: base, format: format, threads: 1).bytes
    }

    private func expect(_ bytes: [UInt8], throws expected: TensorError) throws {
        _ = bytes.withUnsafeBytes { bytes in
            #expect(throws: expected) { _ = try RowDelta.View(bytes) }
        }
    }

    private func expectMalformed(_ bytes: [UInt8], _ comment: Comment) {
        bytes.withUnsafeBytes { bytes in
            do throws(TensorError) {
                _ = try RowDelta.View(bytes)
                Issue.record(comment)
            } catch {
                if case .malformed = error { return }
                Issue.record("\(error)")
            }
        }
    }

    @Test("every header field and row number that lies is refused")
    func lies() throws {
        let good = try payload()
        // offset and value of one changed byte
        let lies: [(Int, UInt8, Comment)] = [
            (0, 0, "magic"), (4, 2, "the other version"), (4, 3, "version"),
            (8, 9, "a row beyond the matrix"),
            (12, 1, "more than 2^32 rows"), (16, 5, "dim too small"), (16, 7, "dim too large"),
            (19, 0xFF, "dim enormous"), (20, 2, "a row fewer"), (20, 4, "a row more"),
            (23, 0xFF, "rows enormous"), (24, 1, "reserved"), (31, 1, "reserved"),
            (32, 5, "a repeated row"), (32, 6, "falling rows"), (43, 0xFF, "row out of range"),
        ]
        for (offset, value, comment) in lies {
            var bytes = good
            #expect(bytes[offset] != value)
            bytes[offset] = value
            expectMalformed(bytes, comment)
        }
    }

    @Test("a payload cut anywhere or with bytes to spare is refused")
    func sizes() throws {
        let good = try payload()
        for count in 0..<good.count { expectMalformed(Array(good.prefix(count)), "\(count) bytes") }
        expectMalformed(good + [0], "one byte more")
    }

    @Test("the shape that was expected must be met")
    func shape() throws {
        let bytes = try payload()
        bytes.withUnsafeBytes { bytes in
            #expect(throws: TensorError.self) {
                _ = try RowDelta.View(bytes, expecting: (10, 7))
            }
            #expect(throws: Never.self) { _ = try RowDelta.View(bytes, expecting: (10, 6)) }
        }
    }
}
