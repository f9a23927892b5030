// Segments with words: how they are added to an index, and how they become one.

extension Segment {
    /// The inverted file over words; nil when the index was built without.
    ///
    /// - Throws: `.malformed` naming the segment, also when they are of other passages.
    public func openWords() throws(IndexError) -> InvertedFile? {
        guard let bytes = words else { return nil }
        let file: InvertedFile
        do { file = try InvertedFile(bytes, keeping: self) } catch {
            throw malformed("words", "\(error)")
        }
        guard file.passageCount == passages else {
            throw malformed("words", "\(file.passageCount) passages of \(passages)")
        }
        return file
    }
}

extension IndexDirectory {
    /// Adds the living passages of segments of the same encoder as one new segment. Passages of the
    /// index with the same ids give way.
    ///
    /// - Parameter threads: as of `commit`.
    /// - Returns: how many gave way.
    /// - Throws: `.mismatch`, `.duplicate`, `.file`.
    @discardableResult
    public func append(
        _ parts: [(segment: Segment, dead: Tombstones)], threads: Int = 1
    ) throws(IndexError) -> Int {
        guard let writer = try SegmentMerge.merge(parts, to: nextPath(), encoder: encoder),
            writer.passages > 0
        else {
            return 0
        }
        guard let words = try Self.words(of: parts) else {
            return try commit(writer, threads: threads)
        }
        let result = words.withUnsafeBytes { raw in
            Result { () throws(IndexError) in try commit(writer, words: raw, threads: threads) }
        }
        return try result.get()
    }

    /// Makes one segment of all, without what was deleted.
    ///
    /// - Parameter threads: as of `commit`.
    public func compactAll(threads: Int = 1) throws(IndexError) {
        let words = try Self.words(of: snapshot.segments)
        try compact(threads: threads, words: { _ in words })
    }

    /// The inverted file of several segments as one; nil if none has words.
    private static func words(
        of parts: [(segment: Segment, dead: Tombstones)]
    ) throws(IndexError) -> [UInt8]? {
        var files: [InvertedFile] = []
        for (segment, _) in parts {
            if let file = try segment.openWords() { files.append(file) }
        }
        guard let first = parts.first, !files.isEmpty else { return nil }
        guard files.count == parts.count else {
            throw .mismatch(
                path: first.segment.path, what: "words", found: "in some segments",
                expected: "all or none")
        }
        let sink = ByteSink()
        do {
            try InvertedFile.merge(
                files, keeping: { part, passage in !parts[part].dead.contains(Int(passage)) },
                { sink.bytes += $0 })
        } catch {
            throw .mismatch(
                path: first.segment.path, what: "words", found: "\(error)", expected: "sound ones")
        }
        return sink.bytes
    }
}

private final class ByteSink {
    var bytes: [UInt8] = []
}
