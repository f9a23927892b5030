// Vectors on standard output, in the form that was asked for.

import Documents
import Glibc
import Models
import Protocol
import Tensors

struct VectorStream {
    private let format: StreamFormat

    private let isTokenLevel: Bool

    init(_ format: StreamFormat, isTokenLevel: Bool) {
        self.format = format
        self.isTokenLevel = isTokenLevel
    }

    /// Writes the first `documents` of a batch.
    func write(
        _ batch: DocumentBatch, _ encoded: EncodedTexts, documents: Int
    ) throws(Fault) {
        let rows = encoded.rowCounts[..<documents].reduce(0) { $0 + Int($1) }
        let count = rows * encoded.dimension
        let numbers = UnsafeBufferPointer(
            start: UnsafePointer(encoded.vectors.baseAddress.assumingMemoryBound(to: Float.self)),
            count: count)
        switch format {
        case .f32: try put(UnsafeRawBufferPointer(numbers))
        case .npy:
            let header = NpyHeader(descriptor: "<f4", shape: [rows, encoded.dimension]).encoded
            try put(header)
            try put(UnsafeRawBufferPointer(numbers))
        case .jsonl: try put(lines(batch, encoded, numbers, documents: documents))
        }
    }

    /// `{"_id": …, "vector": […]}`, or `"vectors"` with a list for each token.
    private func lines(
        _ batch: DocumentBatch, _ encoded: EncodedTexts, _ numbers: UnsafeBufferPointer<Float>,
        documents: Int
    ) -> [UInt8] {
        var text = ""
        var row = 0
        let dimension = encoded.dimension
        for index in 0..<documents {
            let rows = Int(encoded.rowCounts[index])
            let lists = (row..<row + rows).map { row in
                let vector = numbers[row * dimension..<(row + 1) * dimension]
                return "[" + vector.map(Self.text).joined(separator: ",") + "]"
            }
            text += "{\"_id\":\(DocumentID.quoted(batch.id(index))),"
            text +=
                isTokenLevel
                ? "\"vectors\":[\(lists.joined(separator: ","))]}\n"
                : "\"vector\":\(lists.first ?? "[]")}\n"
            row += rows
        }
        return Array(text.utf8)
    }

    /// The shortest digits that give the same number back; JSON knows no others than finite ones.
    private static func text(_ number: Float) -> String { number.isFinite ? "\(number)" : "null" }

    private func put(_ bytes: [UInt8]) throws(Fault) {
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(Fault) in try put(raw) }
        }
        try result.get()
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws(Fault) {
        var left = bytes
        while !left.isEmpty {
            let written = Glibc.write(STDOUT_FILENO, left.baseAddress, left.count)
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else {
                throw Fault(
                    .output, "standard output takes no more: \(String(cString: strerror(errno)))")
            }
            left = UnsafeRawBufferPointer(rebasing: left[written...])
        }
    }
}
