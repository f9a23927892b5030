// Filters as people write them, and the fields of passages as segments have them.

import Retrieval

enum FilterTargets {
    /// What is read is read the same again, and its parts are a whole: each row passes it or its
    /// opposite.
    static func filter(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let filter = try? Filter(text) else { return false }
        guard let table = try? table(), let again = try? Filter(text) else {
            promise(false, "a filter is not read again")
            return false
        }
        promise(again == filter, "a filter is read as another")
        guard let set = try? filter.rows(of: table) else { return true }
        guard text.utf8.count + 8 <= Filter.bytesMax, let opposite = try? Filter("not (\(text))")
        else { return true }
        let rest = try? opposite.rows(of: table)
        promise(rest != nil, "the opposite of a filter has other types")
        for row in 0..<table.passages {
            promise(set.contains(row) != rest?.contains(row), "a row is on both sides")
        }
        return true
    }

    private static func table() throws(MetadataError) -> MetadataTable {
        var builder = try MetadataBuilder(fields: ["a", "year", "score", "lang", "topics", "open"])
        for row in 0..<70 {
            try builder.append([
                row % 2 == 0 ? .missing : .integer(Int64(row)), .integer(Int64(1_990 + row)),
                .number(Double(row) / 4), .string(["en", "de", "fr"][row % 3]),
                .strings(row % 5 == 0 ? [] : ["x", "t\(row % 7)"]), .boolean(row % 3 == 0),
            ])
        }
        return try MetadataTable(copying: builder.bytes)
    }

    /// A field has as many values as its filter says.
    static func fields(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let table = try? MetadataTable(copying: [UInt8](bytes)) else { return false }
        for (field, name) in table.fields.enumerated() {
            var values = 0
            for row in 0..<table.passages {
                guard let value = try? table.value(field, of: row) else { return false }
                values += value == .missing ? 0 : 1
            }
            let quoted = name.reduce(into: "") { text, character in
                if character == "\\" || character == "`" { text += "\\" }
                text.append(character)
            }
            guard let filter = try? Filter("has(`\(quoted)`)") else { continue }
            guard let set = try? filter.rows(of: table) else { return false }
            promise(set.count == values, "\(set.count) values of \(values)")
        }
        return true
    }
}
