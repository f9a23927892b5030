// Jobs, units and outputs as the tests of the coordinator's programs want them.

import Documents
import Foundation
import Protocol
import Tensors
import Transport

@testable import Coordinator

enum Sample {
    static let file = InputFile(path: "/m/config.json", size: 1, modifiedNanoseconds: 1)
    static let folder = ModelFolder(
        path: "/m", entries: [ModelFolder.Entry(name: "config.json", file: file)])
    static let source = ModelSource(
        folder: folder, identity: String(repeating: "a", count: 64),
        digests: [String(repeating: "b", count: 64)], id: "j/model")

    static func spec(_ change: (inout EncodeDocuments) -> Void = { _ in }) -> EncodeDocuments {
        var spec = EncodeDocuments(
            files: [InputFile(path: "/d/a.txt", size: 10, modifiedNanoseconds: 5)], model: folder)
        spec.format = "txt"
        change(&spec)
        return spec
    }

    /// A unit of the records `records` of a file of lines.
    static func unit(_ records: Range<Int>, of spec: EncodeDocuments) -> WorkUnit {
        WorkUnit(
            task: .encodeChunk(
                EncodeChunk(
                    file: spec.files[0], payload: "j/corpus/0", name: spec.files[0].path,
                    bytes: 0..<10, firstRecord: 0, firstLine: 1, records: records, columns: [],
                    model: source, settings: spec)),
            affinity: 0, work: 1)
    }

    /// What a unit of these records leaves: document n has `rows(n)` rows full of n.
    static func output(
        _ records: some Sequence<Int>, dtype: StoredType = .f32, dimension: Int = 4,
        rows: (Int) -> Int = { _ in 1 }, change: (inout EncodedDocuments) -> Void = { _ in },
        value: (Int) -> Float = { Float($0) }
    ) -> Frame {
        var chunk = EncodedDocuments(
            documents: [], skipped: [], repaired: 0, dimension: dimension,
            rowBytes: dtype.rowBytes(dimension), maxLength: 8)
        var numbers: [Float] = []
        for record in records {
            let count = rows(record)
            chunk.documents.append(
                EncodedDocuments.Document(
                    id: "d\(record)", record: record, line: record + 1, rows: count, tokens: record,
                    isTruncated: record > 8))
            numbers += [Float](repeating: value(record), count: count * dimension)
        }
        change(&chunk)
        var bytes = chunk.head
        let start = bytes.count
        let total = numbers.count / dimension
        bytes += [UInt8](repeating: 0, count: total * dtype.rowBytes(dimension))
        bytes.withUnsafeMutableBytes { raw in
            guard total > 0, let base = raw.baseAddress else { return }
            _ = dtype.pack(numbers, rows: total, dimension: dimension, to: base + start)
        }
        return Frame(bytes)
    }

    static func round(_ units: [WorkUnit]) -> Round {
        Round(stage: EncodeProgram.stage, index: 0, count: 1, units: units, keepsOutputs: true)
    }
}
