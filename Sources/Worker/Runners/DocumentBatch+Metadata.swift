// Fields of the documents of a chunk as an index keeps them, and as filters see them.

import Documents
import Protocol
import Retrieval

extension MetadataBuilder {
    /// - Parameter fields: those that the documents were read with, as `--metadata-field` has them.
    /// - Throws: a `MetadataError` naming the field whose values have no type together.
    init(_ batch: DocumentBatch, _ fields: [String]) throws {
        try self.init(fields: MetadataField.list(fields).map(\.name))
        for entry in batch.entries { try append(entry.metadata.map { FieldValue($0) }) }
    }
}

extension FieldValue {
    init(_ value: DocumentValue) {
        self =
            switch value {
            case .missing: .missing
            case .boolean(let boolean): .boolean(boolean)
            case .integer(let integer): .integer(integer)
            case .number(let number): .number(number)
            case .string(let string): .string(string)
            case .strings(let strings): .strings(strings)
            }
    }
}

extension Filter {
    /// Which documents it lets through.
    ///
    /// - Throws: a `Fault` for a field whose values are of another type.
    func documents(of batch: DocumentBatch, _ fields: [String]) throws -> PassageSet {
        let table = try MetadataTable(copying: try MetadataBuilder(batch, fields).bytes)
        do throws(FilterProblem) { return try rows(of: table) } catch {
            throw Fault(.data, error.sentence)
        }
    }
}
