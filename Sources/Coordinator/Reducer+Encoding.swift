// What encoded documents must be before their unit counts.

import Documents
import Protocol
import Tensors
import Transport

/// What the outputs of all chunks of a job have in common.
struct EncodedShape: Equatable, CustomStringConvertible {
    let dimension: Int
    let maxLength: Int

    var description: String { "\(dimension) dimensions of at most \(maxLength) tokens" }

    /// - Throws: a `Fault` with code `data` if shards could not be made of the output.
    init(checking output: Frame, for spec: EncodeDocuments) throws(Fault) {
        let read = output.withUnsafeBytes { bytes in
            Result { () throws(DocumentError) in try Self.read(bytes, spec) }
        }
        do throws(DocumentError) { self = try read.get() } catch {
            throw Fault(.data, "encoded documents are refused: \(error)")
        }
    }

    private init(_ documents: EncodedDocuments) {
        dimension = documents.dimension
        maxLength = documents.maxLength
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer, _ spec: EncodeDocuments
    ) throws(DocumentError) -> EncodedShape {
        let (documents, vectors) = try EncodedDocuments.read(bytes)
        guard let type = StoredType(rawValue: spec.dtype) else {
            throw .badChunk("no vectors of \(spec.dtype) are known")
        }
        guard documents.rowBytes == type.rowBytes(documents.dimension) else {
            throw .badChunk("\(documents.rowBytes) bytes for \(documents.dimension) dimensions")
        }
        if let wanted = spec.dimension, wanted != documents.dimension {
            throw .badChunk("\(documents.dimension) dimensions where \(wanted) were asked for")
        }
        if !spec.tokenLevel, let odd = documents.documents.first(where: { $0.rows != 1 }) {
            throw .badChunk("\(odd.rows) vectors of one document")
        }
        let records = documents.documents.map(\.record)
        guard zip(records, records.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw .badChunk("their order is not that of the records")
        }
        guard type.isFinite(UnsafeRawBufferPointer(rebasing: bytes[vectors])) else {
            throw .badChunk("a number is not finite")
        }
        return EncodedShape(documents)
    }
}
