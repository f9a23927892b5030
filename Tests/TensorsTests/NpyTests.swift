// .npy files, against numpy where it is installed.

import Files
import Tensors
import TestSupport
import Testing

@Suite struct NpyTests {
    private func write(_ rows: [[Float]], to path: String) throws {
        let writer = try NpyWriter(
            path: path, descriptor: "<f4", rowShape: [rows.first?.count ?? 4])
        for row in rows { try row.withUnsafeBytes { try writer.append($0) } }
        try writer.finish()
    }

    @Test("rows written one by one read back with their number")
    func roundTrip() throws {
        let scratch = try Scratch()
        let path = scratch.path("x.npy")
        try write([[1, 2, 3], [4, 5, .nan], [-0.0, .infinity, .leastNonzeroMagnitude]], to: path)
        let file = try NpyFile(path: path)
        #expect(file.header.shape == [3, 3])
        #expect(file.header.descriptor == "<f4")
        #expect(file.data.count == 36)
        #expect(file.data.loadUnaligned(fromByteOffset: 16, as: Float.self) == 5)
    }

    @Test("the data starts at a multiple of 64 whatever the number of rows")
    func growth() throws {
        let lengths = [0, 9, 10, 123_456_789, Int.max].map {
            NpyHeader(descriptor: "<f4", shape: [$0, 300]).encoded.count
        }
        #expect(Set(lengths).count == 1)
        #expect(lengths[0] % 64 == 0)
    }

    @Test(
        "numpy reads our file, and its own has the same bytes",
        .enabled(if: Python.hasNumpy, "python3 with numpy is missing"))
    func numpyReads() throws {
        let scratch = try Scratch()
        let path = scratch.path("x.npy")
        try write([[1, 2, 3], [4, 5, 6]], to: path)
        try Python.run(
            """
            import sys, numpy as np
            a = np.load(sys.argv[1])
            assert a.dtype == np.float32 and a.tolist() == [[1, 2, 3], [4, 5, 6]], a
            assert np.load(sys.argv[1], mmap_mode='r').shape == (2, 3)
            np.save(sys.argv[2], a)
            assert open(sys.argv[1], 'rb').read() == open(sys.argv[2], 'rb').read()
            """, [path, scratch.path("y.npy")])
    }

    @Test(
        "we read what numpy writes, of every type and number of dimensions",
        .enabled(if: Python.hasNumpy, "python3 with numpy is missing"))
    func readsNumpy() throws {
        let scratch = try Scratch()
        try Python.run(
            """
            import sys, numpy as np
            for t in ['f2', 'f4', 'f8', 'i1', 'u1', 'i2', 'i4', 'i8', 'u8', '?']:
                for s in [(), (3,), (2, 3), (2, 0, 3)]:
                    np.save(f"{sys.argv[1]}/{t.replace('?', 'b')}-{len(s)}.npy", np.ones(s, t))
            np.save(f"{sys.argv[1]}/fortran.npy", np.asfortranarray(np.ones((2, 3))))
            np.save(f"{sys.argv[1]}/struct.npy", np.ones(2, [('a', 'f4'), ('b', 'i4')]))
            """, [scratch.directory])
        for type in ["f2", "f4", "f8", "i1", "u1", "i2", "i4", "i8", "u8", "b"] {
            for (rank, shape) in [[], [3], [2, 3], [2, 0, 3]].enumerated() {
                let file = try NpyFile(path: scratch.path("\(type)-\(rank).npy"))
                #expect(file.header.shape == shape)
                #expect(file.data.count == file.header.byteCount)
            }
        }
        #expect(try NpyFile(path: scratch.path("fortran.npy")).header.isFortranOrder)
        #expect(throws: FileError.self) { try NpyFile(path: scratch.path("struct.npy")) }
    }

    @Test("38: every truncation is refused, every changed byte is refused or harmless")
    func hostile() throws {
        let scratch = try Scratch()
        let path = scratch.path("x.npy")
        try write([[1, 2], [3, 4]], to: path)
        let good = try bytes(of: path)
        for count in 0 ..< good.count {
            let bad = try scratch.write(Array(good[..<count]), to: "bad")
            #expect(throws: FileError.self) { try NpyFile(path: bad) }
        }
        for index in good.indices {
            for value: UInt8 in [0, 0x27, 0x28, 0x2c, 0x39, 0xff] {
                var changed = good
                changed[index] = value
                let bad = try scratch.write(changed, to: "bad")
                if let file = try? NpyFile(path: bad) { #expect(file.data.count <= 16) }
            }
        }
    }
}
