// Stored types: the bytes that numpy would make of the same numbers.

import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct StoredTypeTests {
    private func pack(_ type: StoredType, _ rows: [[Float]]) -> [UInt8]? {
        let dimension = rows[0].count
        var bytes = [UInt8](repeating: 0xaa, count: rows.count * type.rowBytes(dimension))
        let isPacked = bytes.withUnsafeMutableBytes { raw in
            raw.baseAddress.map {
                type.pack(rows.flatMap { $0 }, rows: rows.count, dimension: dimension, to: $0)
            } ?? false
        }
        return isPacked ? bytes : nil
    }

    private func random(_ rows: Int, _ dimension: Int) -> [[Float]] {
        var numbers = Numbers(7)
        return (0..<rows).map { _ in
            let row = (0..<dimension).map { _ in Float.random(in: -1...1, using: &numbers) }
            let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return row.map { $0 / length }
        }
    }

    @Test("numpy reads the numbers that were stored", .enabled(if: Python.hasNumpy))
    func numpy() throws {
        let scratch = try Scratch()
        let rows = random(50, 21)
        for type in StoredType.allCases {
            let name = try scratch.write(try #require(pack(type, rows)), to: type.rawValue)
            _ = name
        }
        let raw = rows.flatMap { $0 }.withUnsafeBytes { Array($0) }
        _ = try scratch.write(raw, to: "raw")
        try Python.run(
            """
            import sys, numpy as np
            d = sys.argv[1]
            def load(name, kind): return np.fromfile(f"{d}/{name}", kind).reshape(50, -1)
            a = load("raw", "<f4")
            assert (load("f32", "<f4") == a).all()
            assert (load("f16", "<f2") == a.astype("<f2")).all()
            b = (load("bf16", "<u2").astype("<u4") << 16).view("<f4")
            assert (abs(b - a) <= abs(a) / 256).all()
            assert (load("int8", "i1") == np.rint(a * np.float32(127)).astype("i1")).all()
            assert (load("binary", "u1") == np.packbits(a > 0, axis=1)).all()
            """, [scratch.directory])
    }

    @Test("bfloat16 rounds to the nearest, ties to even, and keeps what is not finite")
    func bfloat16() throws {
        let values: [(UInt32, UInt16)] = [
            (0x3f80_0000, 0x3f80), (0x3f80_8000, 0x3f80), (0x3f81_8000, 0x3f82),
            (0x3f80_8001, 0x3f81), (0x7f80_0000, 0x7f80), (0xff80_0000, 0xff80),
            (0x8000_0000, 0x8000),
            (0x7f80_0001, 0x7fc0), (0x7f7f_ffff, 0x7f80),
        ]
        for (bits, expected) in values {
            let bytes = try #require(pack(.bf16, [[Float(bitPattern: bits)]]))
            #expect(UInt16(bytes[0]) | UInt16(bytes[1]) << 8 == expected, "\(bits)")
        }
    }

    @Test("int8 refuses rows whose length is not 1, and never overflows")
    func lengths() {
        #expect(pack(.int8, [[1, 0], [0.6, 0.8]]) == [127, 0, 76, 102])
        #expect(pack(.int8, [[1.009, 0]]) == [127, 0])
        for row in [[Float(2), 0], [0, 0], [.nan, 0], [.infinity, 0], [0.9, 0]] {
            #expect(pack(.int8, [row]) == nil, "\(row)")
        }
    }

    @Test("bits that are left over at the end of a row are zero")
    func bits() {
        let row: [Float] = [1, -1, 0, 0.1, -0, 2, 3, -5, 1]
        #expect(pack(.binary, [row, row]) == [0b1001_0110, 0x80, 0b1001_0110, 0x80])
    }
}
