// The JSON header of a safetensors file, written and read with every rule of the format checked.

import Files

/// What the header says: tensors with their byte ranges in the data part, and free metadata.
struct SafeTensorsHeader {
    var tensors: [(entry: SafeTensorsEntry, range: Range<Int>)] = []
    var metadata: [(key: String, value: String)] = []

    /// The format allows no longer header.
    static let bytesMax = 100_000_000
    /// Far more than any model has in one file.
    static let tensorsMax = 10_000

    /// The eight length bytes and the header, padded with spaces to a multiple of eight.
    var encoded: [UInt8] {
        var parts: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.map { "\(JSONText.quote($0.key)):\(JSONText.quote($0.value))" }
            parts.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        for (entry, range) in tensors {
            let shape = entry.shape.map(String.init).joined(separator: ",")
            parts.append(
                "\(JSONText.quote(entry.name)):{\"dtype\":\"\(entry.type.rawValue)\","
                    + "\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(range.lowerBound),\(range.upperBound)]}")
        }
        var text = Array("{\(parts.joined(separator: ","))}".utf8)
        while text.count % 8 != 0 { text.append(0x20) }
        let length = UInt64(text.count)
        return (0 ..< 8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + text
    }

    /// Reads the header at the start of `bytes`, a whole file.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, path: String
    ) throws(FileError) -> (header: SafeTensorsHeader, dataOffset: Int) {
        guard bytes.count >= 8 else {
            throw .malformed(path: path, offset: 0, reason: "shorter than a safetensors length")
        }
        let length = bytes.loadUnaligned(as: UInt64.self)
        guard length <= bytesMax, length <= bytes.count - 8 else {
            throw .malformed(path: path, offset: 0, reason: "a header of \(length) bytes")
        }
        let dataOffset = 8 + Int(length)
        var json = JSONText(
            UnsafeRawBufferPointer(rebasing: bytes[8 ..< dataOffset]), path: path, offset: 8)
        var header = SafeTensorsHeader()
        try json.object { (key, json) throws(FileError) in
            if key == "__metadata__" {
                try json.object { (key, json) throws(FileError) in
                    header.metadata.append((key, try json.string()))
                }
            } else {
                guard header.tensors.count < tensorsMax else {
                    throw json.failure("more than \(tensorsMax) tensors")
                }
                header.tensors.append(try tensor(key, &json))
            }
        }
        try json.end()
        try header.checkRanges(dataBytes: bytes.count - dataOffset, path: path)
        return (header, dataOffset)
    }

    private static func tensor(
        _ name: String, _ json: inout JSONText
    ) throws(FileError) -> (SafeTensorsEntry, Range<Int>) {
        var type: SafeTensorsType?
        var shape: [Int]?
        var offsets: [Int]?
        try json.object { (key, json) throws(FileError) in
            switch key {
            case "dtype":
                let text = try json.string()
                type = SafeTensorsType(rawValue: text)
                if type == nil { throw json.failure("unknown dtype \(text) of \(name)") }
            case "shape": shape = try json.integers()
            case "data_offsets": offsets = try json.integers()
            default: throw json.failure("unknown key \(key) of \(name)")
            }
        }
        guard let type, let shape, let offsets, offsets.count == 2, offsets[0] <= offsets[1] else {
            throw json.failure("tensor \(name) lacks a dtype, a shape or two offsets")
        }
        let entry = SafeTensorsEntry(name: name, type: type, shape: shape)
        guard entry.byteCount == offsets[1] - offsets[0] else {
            throw json.failure(
                "tensor \(name) of shape \(shape) does not take \(offsets[1] - offsets[0]) bytes")
        }
        return (entry, offsets[0] ..< offsets[1])
    }

    /// No overlap, no hole, nothing behind the last tensor.
    private func checkRanges(dataBytes: Int, path: String) throws(FileError) {
        var end = 0
        let sorted = tensors.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        for (entry, range) in sorted {
            guard range.lowerBound == end else {
                throw .malformed(
                    path: path, offset: 8,
                    reason: "tensor \(entry.name) starts at \(range.lowerBound), not at \(end)")
            }
            end = range.upperBound
        }
        guard end == dataBytes else {
            throw .malformed(
                path: path, offset: 8, reason: "\(dataBytes) bytes of data, \(end) announced")
        }
    }
}
