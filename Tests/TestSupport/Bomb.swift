// Small files that claim to be large, or to be what nobody should read.

/// A file of vectors that must be refused at once. All of them are a few bytes, but for one.
public struct Bomb: Sendable, CustomStringConvertible {
    public let description: String
    public let bytes: [UInt8]

    private init(_ description: String, _ bytes: [UInt8]) {
        self.description = description
        self.bytes = bytes
    }

    public static let all = vocabularies + safetensors + npy + fastText

    private static let vocabularies = [
        Bomb("10^9 words in text", Array("1000000000 300\na 1 2\nb 3 4\n".utf8)),
        Bomb("10^9 words in binary", Array("1000000000 300\na ".utf8) + [0, 0, 0x80, 0x3f, 10]),
        Bomb("10^17 dimensions", Array("1 100000000000000000\na 1\n".utf8)),
    ]

    // MARK: - safetensors

    private static let safetensors = [
        Bomb("a header of 2^63 bytes", [0, 0, 0, 0, 0, 0, 0, 0x80] + Array("{}".utf8)),
        Bomb("a header of 2^64 - 1 bytes", Array(repeating: 0xff, count: 8) + Array("{}".utf8)),
        tensors(
            "100,000 tensors", (0..<100_000).map { tensor("t\($0)", "1", $0, $0 + 1) }, 100_000),
        tensors("tensors that overlap", [tensor("a", "2", 0, 2), tensor("b", "2", 1, 3)], 3),
        tensors("a hole between tensors", [tensor("a", "1", 0, 1), tensor("b", "1", 2, 3)], 3),
        tensors("two tensors of one name", [tensor("a", "1", 0, 1), tensor("a", "1", 1, 2)], 2),
        tensors("a shape of 2^64 bytes", [tensor("a", "4294967296,4294967296", 0, 0)], 0),
        tensors(
            "a shape that wraps to one byte", [tensor("a", "4294967296,4294967296,1", 0, 1)], 1),
        tensors("10^9 vectors", [tensor("vectors", "1000000000,300", 0, 8)], 8),
    ]

    private static func tensor(_ name: String, _ shape: String, _ from: Int, _ to: Int) -> String {
        #""\#(name)":{"dtype":"U8","shape":[\#(shape)],"data_offsets":[\#(from),\#(to)]}"#
    }

    private static func tensors(_ description: String, _ entries: [String], _ data: Int) -> Bomb {
        let header = Array("{\(entries.joined(separator: ","))}".utf8)
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
        return Bomb(description, length + header + [UInt8](repeating: 0, count: data))
    }

    // MARK: - .npy

    private static let npy = [
        array("Python objects", "'|O'", "(1, 1)"),
        array("a structured type", "[('a', '<f4'), ('b', '<i4')]", "(1, 1)"),
        array("Fortran order", "'<f4'", "(2, 2)", order: "True"),
        array("10^9 rows", "'<f4'", "(1000000000, 300)"),
        array("a shape of 2^66 bytes", "'<f4'", "(4294967296, 4294967296)"),
        array("a shape that wraps to 16 bytes", "'<f4'", "(9223372036854775809, 2)"),
        array("a negative extent", "'<f4'", "(-1, 4)"),
        array("a thousand extents", "'<f4'", "(" + String(repeating: "1, ", count: 1_000) + ")"),
        array("code for a type", "__import__('os').system('true')", "(1, 1)"),
        Bomb("a header of 2^32 - 1 bytes", magic + [2, 0, 0xff, 0xff, 0xff, 0xff] + [0x7b]),
        Bomb("a pickle", [0x80, 0x04, 0x95, 0x10] + Array("cos\nsystem\n(S'true'\ntR.".utf8)),
    ]

    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    private static func array(
        _ description: String, _ type: String, _ shape: String, order: String = "False"
    ) -> Bomb {
        let header = "{'descr': \(type), 'fortran_order': \(order), 'shape': \(shape), }\n"
        let length = [UInt8(header.utf8.count & 0xff), UInt8(header.utf8.count >> 8)]
        return Bomb(
            description,
            magic + [1, 0] + length + Array(header.utf8)
                + [UInt8](repeating: 0, count: 16))
    }

    // MARK: - fastText

    private static let fastText = [
        model("2^31 - 1 words", words: .max),
        model("-1 words", words: -1),
        model("a matrix of 2^62 rows", rows: 1 << 62),
        model("a matrix whose size wraps to nothing", rows: 1 << 62, columns: 4),
        model("a matrix of -2 rows", rows: -2, columns: -2),
        model("2^31 - 1 dimensions", dimensions: .max),
        model("2^31 - 1 buckets", buckets: .max),
        model("n-grams of 2^31 - 1 letters", longest: .max),
        model("2^60 n-grams that were pruned", pruned: 1 << 60),
    ]

    private static func model(
        _ description: String, words: Int32 = 0, rows: Int64 = 2, columns: Int64 = 2,
        dimensions: Int32 = 2, buckets: Int32 = 2, longest: Int32 = 6, pruned: Int64 = -1
    ) -> Bomb {
        let arguments: [Int32] = [
            793_712_314, 12, dimensions, 5, 5, 5, 5, 1, 2, 2, buckets, 3, longest, 100,
        ]
        let fields = bytes(arguments) + bytes([0 as Int64]) + bytes([words, words, 0])
        return Bomb(
            description,
            fields + bytes([0, pruned]) + [0] + bytes([rows, columns])
                + [UInt8](repeating: 0, count: 64))
    }

    private static func bytes(_ numbers: [some FixedWidthInteger]) -> [UInt8] {
        numbers.flatMap { number in withUnsafeBytes(of: number.littleEndian) { Array($0) } }
    }
}
