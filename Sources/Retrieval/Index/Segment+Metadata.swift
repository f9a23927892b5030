// Fields of a segment's passages: read, filtered, copied, counted.

import Files

extension Segment {
    /// The passages that a filter lets through, deleted ones among them. Kept by the segment for
    /// the next question with the same filter.
    ///
    /// - Throws: `.filter`.
    public func passages(of filter: Filter) throws(IndexError) -> PassageSet {
        do throws(FilterProblem) { return try filter.passages(passages, of: metadata) } catch {
            throw .filter(error)
        }
    }

    /// The fields that a segment has, with their types, from its bytes alone.
    ///
    /// - Throws: `.file` if they are not a segment's.
    public static func fields(
        of bytes: UnsafeRawBufferPointer, keeping owner: any AnyObject & Sendable, path: String
    ) throws(IndexError) -> [FieldEntry] {
        let header = try wrapping { () throws(FileError) in
            try SegmentHeader.decode(bytes, path: path)
        }
        guard let section = header.sections.first(where: { $0.name == "metadata" }) else {
            return []
        }
        let range = section.offset..<section.offset + section.length
        do throws(MetadataError) {
            let table = try MetadataTable(
                UnsafeRawBufferPointer(rebasing: bytes[range]), keeping: owner)
            return table.fields.enumerated().map { field, name in
                FieldEntry(name: name, type: table.type(of: field), passages: 0)
            }
        } catch { throw .metadata(error) }
    }

    /// What a passage has in these fields, those without a value left out.
    ///
    /// - Throws: `.metadata` for a malformed column.
    func values(
        of names: [String], passage: Int
    ) throws(IndexError) -> [String: FieldValue] {
        guard let metadata else { return [:] }
        var values: [String: FieldValue] = [:]
        do throws(MetadataError) {
            for name in names {
                guard let field = metadata.fields.firstIndex(of: name) else { continue }
                let value = try metadata.value(field, of: passage)
                if value != .missing { values[name] = value }
            }
        } catch { throw .metadata(error) }
        return values
    }
}

extension [FieldEntry] {
    /// Adds fields of another segment.
    ///
    /// - Throws: `.types` where both have values of types that no field has together.
    public mutating func merge(_ others: [FieldEntry]) throws(MetadataError) {
        for other in others {
            guard let place = firstIndex(where: { $0.name == other.name }) else {
                append(other)
                continue
            }
            guard let both = self[place].type.union(other.type) else {
                throw .types(field: other.name, self[place].type, other.type)
            }
            self[place].type = both
            self[place].passages += other.passages
        }
    }
}

extension MetadataBuilder {
    /// Appends the values of a segment's living passages.
    mutating func append(_ segment: Segment, without dead: Tombstones) throws(MetadataError) {
        var columns: [MetadataColumn?] = []
        for name in fields {
            let field = segment.metadata?.fields.firstIndex(of: name)
            columns.append(
                try field.flatMap { field throws(MetadataError) in
                    try segment.metadata?.column(field)
                })
        }
        for passage in 0..<segment.passages where !dead.contains(passage) {
            try append(columns.map { $0?.value(of: passage) ?? .missing })
        }
    }
}

extension IndexSnapshot {
    /// The fields of all segments, in the order in which they first appear, with their types.
    ///
    /// - Throws: `.metadata` where segments have values of types that no field has together.
    func fields() throws(IndexError) -> [FieldEntry] {
        var entries: [FieldEntry] = []
        do throws(MetadataError) {
            for (segment, dead) in segments {
                guard let metadata = segment.metadata else { continue }
                var own: [FieldEntry] = []
                for (field, name) in metadata.fields.enumerated() {
                    let count = try metadata.count(field, without: dead)
                    own.append(
                        FieldEntry(name: name, type: metadata.type(of: field), passages: count))
                }
                try entries.merge(own)
            }
        } catch { throw .metadata(error) }
        return entries
    }
}
