// safetensors files, and headers that break the rules of the format.

import Files
import Tensors
import TestSupport
import Testing

@Suite struct SafeTensorsTests {
    private func write(_ path: String) throws {
        let writer = try SafeTensorsWriter(
            path: path,
            entries: [
                SafeTensorsEntry(name: "weights \"q\"", type: .f32, shape: [2, 2]),
                SafeTensorsEntry(name: "empty", type: .i64, shape: [0, 5]),
                SafeTensorsEntry(name: "bytes\n", type: .u8, shape: [3]),
            ],
            metadata: [("format", "é\\\u{1}")])
        try [Float](arrayLiteral: 1, 2, 3, 4).withUnsafeBytes { try writer.append($0) }
        try [UInt8](arrayLiteral: 7, 8, 9).withUnsafeBytes { try writer.append($0) }
        try writer.finish()
    }

    private func file(_ header: String, data: Int = 0) throws -> Result<SafeTensorsFile, FileError>
    {
        let scratch = try Scratch()
        let length = UInt64(header.utf8.count)
        let bytes = (0 ..< 8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) }
            + Array(header.utf8) + [UInt8](repeating: 0, count: data)
        let path = try scratch.write(bytes, to: "x")
        return Result { () throws(FileError) in try SafeTensorsFile(path: path) }
    }

    @Test("tensors, awkward names and metadata read back")
    func roundTrip() throws {
        let scratch = try Scratch()
        try write(scratch.path("x"))
        let file = try SafeTensorsFile(path: scratch.path("x"))
        #expect(file.entries.map(\.name) == ["weights \"q\"", "empty", "bytes\n"])
        #expect(file.entry("empty")?.shape == [0, 5])
        #expect(file.data("weights \"q\"")?.loadUnaligned(fromByteOffset: 12, as: Float.self) == 4)
        #expect(file.data("bytes\n").map(Array.init) == [7, 8, 9])
        #expect(file.data("other") == nil)
        #expect(file.metadata == ["format": "é\\\u{1}"])
        #expect((try bytes(of: scratch.path("x"))[0] + 8) % 8 == 0)
    }

    @Test(
        "the safetensors library reads our file",
        .enabled(if: Python.hasSafetensors && Python.hasNumpy, "python3 safetensors is missing"))
    func libraryReads() throws {
        let scratch = try Scratch()
        try write(scratch.path("x"))
        try Python.run(
            """
            import sys
            from safetensors.numpy import load_file
            t = load_file(sys.argv[1])
            assert t['weights "q"'].tolist() == [[1, 2], [3, 4]]
            assert t['bytes\\n'].tolist() == [7, 8, 9]
            """, [scratch.path("x")])
    }

    @Test(
        "37: what the format forbids is refused",
        arguments: [
            ("", 0), ("{", 0), ("[]", 0), ("{} x", 0), ("{}", 4),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 3),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 5),
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4),
            (#"{"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}"#, 4),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4),
            (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4),
            (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
                + #""a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, 2),
            (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
                + #""b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 1),
            (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
                + #""b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}"#, 3),
            (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0),
            (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,0]}}"#, 0),
            (#"{"\ud800":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#, 0),
            (#"{"__metadata__":{"a":1}}"#, 0),
        ])
    func forbidden(header: String, data: Int) throws {
        #expect(throws: FileError.self) { try file(header, data: data).get() }
    }

    @Test("escapes and surrogate pairs in names are understood")
    func escapes() throws {
        let header = #"{"\ud83c\udf89\u0041\/":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
        #expect(try file(header, data: 1).get().entries.first?.name == "🎉A/")
    }

    @Test("37: every truncation is refused, every changed byte is refused or harmless")
    func hostile() throws {
        let scratch = try Scratch()
        try write(scratch.path("x"))
        let good = try bytes(of: scratch.path("x"))
        for count in 0 ..< good.count {
            let bad = try scratch.write(Array(good[..<count]), to: "bad")
            #expect(throws: FileError.self) { try SafeTensorsFile(path: bad) }
        }
        for index in good.indices {
            for value: UInt8 in [0, 0x22, 0x5b, 0x5c, 0x7b, 0x39, 0xff] {
                var changed = good
                changed[index] = value
                let bad = try scratch.write(changed, to: "bad")
                guard let file = try? SafeTensorsFile(path: bad) else { continue }
                #expect(file.entries.count == 3)
            }
        }
    }
}
