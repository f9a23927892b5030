// Fields of a segment's passages: read, filtered, copied, counted.

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
                for (field, name) in metadata.fields.enumerated() {
                    let type = metadata.type(of: field)
                    let count = try metadata.count(field, without: dead)
                    guard let place = entries.firstIndex(where: { $0.name == name }) else {
                        entries.append(FieldEntry(name: name, type: type, passages: count))
                        continue
                    }
                    guard let both = entries[place].type.union(type) else {
                        throw .types(field: name, entries[place].type, type)
                    }
                    entries[place].type = both
                    entries[place].passages += count
                }
            }
        } catch { throw .metadata(error) }
        return entries
    }
}
