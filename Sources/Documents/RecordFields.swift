// The id, the text and the metadata of one record, found by its layout.

/// Points into the record; copied into a batch once it is known that it has everything.
struct RecordFields {
    private enum Source {
        case number(Int)
        case json(JSONValue)
        case column(DelimitedField)
        /// Told when it is asked for, so that the record's id is known by then.
        case malformed(String)
    }

    private let id: Source
    private let text: [Source]
    private let metadata: [Source]

    init(
        _ bytes: UnsafeRawBufferPointer, _ layout: DocumentLayout, number: Int
    ) throws(Malformed) {
        switch layout.format {
        case .txt:
            id = .number(number)
            text = [.column(DelimitedField(bytes: bytes, isQuoted: false))]
            metadata = []
        case .jsonl: (id, text, metadata) = try Self.json(bytes, layout)
        case .tsv, .csv: (id, text, metadata) = try Self.columns(bytes, layout)
        }
    }

    private static func json(
        _ bytes: UnsafeRawBufferPointer, _ layout: DocumentLayout
    ) throws(Malformed) -> (Source, [Source], [Source]) {
        var record = JSONRecord(bytes)
        let values = try record.values(
            of: [layout.idKey] + layout.textKeys + layout.metadata.map { Array($0.source.utf8) })
        if case .other(let kind, _) = values[0] {
            throw Malformed("the id \(name(layout.idKey)) is \(kind) and not a string")
        }
        if case .missing = values[0] { throw Malformed("there is no \(name(layout.idKey))") }
        var text: [Source] = []
        for (index, key) in layout.textKeys.enumerated() {
            switch values[index + 1] {
            case .string: text.append(.json(values[index + 1]))
            case .missing where !layout.needsAll && index == 0: break
            case .missing: text.append(.malformed("there is no \(name(key))"))
            case .number:
                text.append(.malformed("\(name(key)) is a number and not a string"))
            case .other(let kind, _):
                text.append(.malformed("\(name(key)) is \(kind) and not a string"))
            }
        }
        var metadata = Array(values[(1 + layout.textKeys.count)...])
        for (index, field) in layout.metadata.enumerated() {
            guard case .missing = metadata[index] else { continue }
            metadata[index] = try nested(Array(field.source.utf8), in: bytes)
        }
        return (.json(values[0]), text, metadata.map { .json($0) })
    }

    /// What stands at a path like `metadata.year`, of objects within objects.
    private static func nested(
        _ path: [UInt8], in object: UnsafeRawBufferPointer
    ) throws(Malformed) -> JSONValue {
        guard let dot = path.firstIndex(of: UInt8(ascii: ".")) else { return .missing }
        var record = JSONRecord(object)
        let rest = Array(path[(dot + 1)...])
        guard case .other(_, let inner) = try record.values(of: [Array(path[..<dot])])[0],
            inner.first == UInt8(ascii: "{")
        else { return .missing }
        var within = JSONRecord(inner)
        let value = try within.values(of: [rest])[0]
        guard case .missing = value else { return value }
        return try nested(rest, in: inner)
    }

    private static func columns(
        _ bytes: UnsafeRawBufferPointer, _ layout: DocumentLayout
    ) throws(Malformed) -> (Source, [Source], [Source]) {
        var record = DelimitedRecord(bytes, layout.format)
        var fields: [DelimitedField?] = Array(repeating: nil, count: layout.columns.count)
        var count = 0
        while let field = try record.next() {
            for (index, column) in layout.columns.enumerated() where column == count {
                fields[index] = field
            }
            count += 1
        }
        var sources: [Source] = []
        for (index, field) in fields.enumerated() {
            guard let field else {
                throw Malformed(
                    "there are \(count) columns, and column \(layout.columns[index] + 1) is wanted")
            }
            sources.append(.column(field))
        }
        let rest = sources.count - layout.metadata.count
        guard let id = sources.first, rest >= 1 else { throw Malformed("no column is wanted") }
        return (id, Array(sources[1..<rest]), Array(sources[rest...]))
    }

    private static func name(_ key: [UInt8]) -> String {
        String(decoding: key.prefix(100), as: UTF8.self).debugDescription
    }

    func appendID(to arena: inout [UInt8], repairs: inout Int) throws(Malformed) {
        try Self.append(id, to: &arena, repairs: &repairs)
    }

    /// The fields with one space between them; those that are empty leave none.
    func appendText(to arena: inout [UInt8], repairs: inout Int) throws(Malformed) {
        let start = arena.count
        for source in text {
            let before = arena.count
            if before > start { arena.append(0x20) }
            let begin = arena.count
            try Self.append(source, to: &arena, repairs: &repairs)
            if arena.count == begin { arena.removeSubrange(before...) }
        }
    }

    /// The values of the layout's fields, in their order.
    func values(of fields: [MetadataField]) throws(Malformed) -> [DocumentValue] {
        var values: [DocumentValue] = []
        for (source, field) in zip(metadata, fields) {
            switch source {
            case .json(let value): values.append(try DocumentValue(value, of: field))
            case .column(let column): values.append(try DocumentValue(column, of: field))
            case .number, .malformed: values.append(.missing)
            }
        }
        return values
    }

    private static func append(
        _ source: Source, to arena: inout [UInt8], repairs: inout Int
    ) throws(Malformed) {
        switch source {
        case .number(let number): arena.append(contentsOf: String(number).utf8)
        case .column(let field): field.append(to: &arena, repairs: &repairs)
        case .json(.string(let bytes)):
            try JSONString.append(bytes, to: &arena, repairs: &repairs)
        case .json(.number(let bytes)): arena.append(contentsOf: bytes)
        case .json: break
        case .malformed(let reason): throw Malformed(reason)
        }
    }
}
