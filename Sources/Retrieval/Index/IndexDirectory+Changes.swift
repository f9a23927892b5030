// What changes an index: segments added, passages deleted, segments made one.

import Files

extension IndexDirectory {
    /// A writer of the next segment; `commit` makes it part of the index.
    ///
    /// - Throws: `.file`.
    public func newSegment() throws(IndexError) -> SegmentWriter {
        try SegmentWriter(path: nextPath(), encoder: encoder, dense: manifest.dense)
    }

    /// A name that no file of this index has or had.
    func nextPath() -> String {
        names += 1
        return "\(path)/segment-\(manifest.generation + 1)-\(names).seg"
    }

    /// Finishes a segment and adds it. Passages of other segments with the same ids are deleted:
    /// the later one counts.
    ///
    /// - Parameters:
    ///   - words: see `SegmentWriter.finish`.
    ///   - threads: of those that bring dense vectors into lists.
    /// - Returns: how many passages gave way to new ones.
    /// - Throws: `.duplicate`, `.file`.
    @discardableResult
    public func commit(
        _ writer: SegmentWriter, words: UnsafeRawBufferPointer? = nil, threads: Int = 1
    ) throws(IndexError) -> Int {
        precondition(
            writer.path.hasPrefix(path + "/segment-") && writer.encoder === encoder,
            "\(writer.path) is no new segment of \(path)")
        let summary = try writer.finish(words: words, listing: threads)
        let added = try Segment(path: summary.path, encoder: encoder)
        var dead = snapshot.segments.map(\.dead)
        var replaced = 0
        for passage in 0..<added.passages where !dead.isEmpty {
            replaced += try bury(try added.id(of: passage), &dead)
        }
        var next = try buried(dead)
        next.segments.append(try describe(summary))
        try replace(next)
        return replaced
    }

    private func describe(
        _ summary: SegmentSummary
    ) throws(IndexError) -> IndexManifest.SegmentEntry {
        let name = String(summary.path.dropFirst(path.count + 1))
        return IndexManifest.SegmentEntry(
            file: try .describe(name, in: path, digest), passages: summary.passages,
            tokens: summary.tokens, tombstones: nil, deleted: 0)
    }

    /// Deletes passages; ids that there are not are passed over.
    ///
    /// - Returns: how many there were.
    /// - Throws: `.file`.
    @discardableResult
    public func delete(_ ids: some Sequence<String>) throws(IndexError) -> Int {
        var dead = snapshot.segments.map(\.dead)
        var count = 0
        for id in ids { count += try bury(id, &dead) }
        if count > 0 { try replace(try buried(dead)) }
        return count
    }

    /// Marks the passage with this id; returns 1 when there was a living one.
    private func bury(_ id: String, _ dead: inout [Tombstones]) throws(IndexError) -> Int {
        for index in dead.indices {
            guard let passage = try snapshot.segments[index].segment.passage(id: id) else {
                continue
            }
            if dead[index].insert(passage) { return 1 }
        }
        return 0
    }

    /// The manifest with changed tombstones, whose files are written.
    private func buried(_ dead: [Tombstones]) throws(IndexError) -> IndexManifest {
        var next = manifest
        for (index, tombstones) in dead.enumerated() {
            if tombstones == snapshot.segments[index].dead { continue }
            let name = "dead-\(manifest.generation + 1)-\(index).bits"
            try wrapping { () throws(FileError) in
                let file = try AtomicFile(path: "\(path)/\(name)")
                try file.write(tombstones.encoded)
                try file.commit()
            }
            next.segments[index].tombstones = try .describe(name, in: path, digest)
            next.segments[index].deleted = tombstones.count
        }
        return next
    }

    /// Makes one segment of those with the given places in the manifest (all by default), without
    /// the deleted passages. Living passages keep their ids and their order.
    ///
    /// - Parameters:
    ///   - threads: as of `commit`.
    ///   - words: makes the inverted file of the new segment from the old ones and the deleted
    ///     passages of each; nil for none.
    /// - Throws: `.file`, `.malformed` in it naming a corrupt segment.
    public func compact(
        _ places: Range<Int>? = nil, threads: Int = 1,
        words: ([(segment: Segment, dead: Tombstones)]) -> [UInt8]? = { _ in nil }
    ) throws(IndexError) {
        let places = places ?? 0..<snapshot.segments.count
        let parts = Array(snapshot.segments[places])
        guard let writer = try SegmentMerge.merge(parts, to: nextPath()) else { return }
        var next = manifest
        if writer.passages == 0 {
            next.segments.removeSubrange(places)
        } else {
            let words = words(parts)
            let summary = try finish(writer, words, threads)
            next.segments.replaceSubrange(places, with: [try describe(summary)])
        }
        try replace(next)
    }

    private func finish(
        _ writer: SegmentWriter, _ words: [UInt8]?, _ threads: Int
    ) throws(IndexError) -> SegmentSummary {
        guard let words else { return try writer.finish(listing: threads) }
        let result = words.withUnsafeBytes { raw in
            Result { () throws(IndexError) in
                try writer.finish(words: raw, listing: threads)
            }
        }
        return try result.get()
    }
}
