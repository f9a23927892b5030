// Several segments become one, without what was deleted.

import Files
import Tensors

public enum SegmentMerge {
    /// Appends the living passages of segments, in order, to a new segment of the same encoder;
    /// they are numbered densely anew.
    ///
    /// - Parameter encoder: of the new segment, equal to the others'; nil for that of the first.
    /// - Returns: the writer, which awaits `finish`, and with it the words of the new numbering.
    /// - Throws: `.mismatch` when encoders or dense vectors differ; `.file`.
    public static func merge(
        _ parts: [(segment: Segment, dead: Tombstones)], to path: String,
        encoder: TokenEncoder? = nil, isCancelled: () -> Bool = { false }
    ) throws(IndexError) -> SegmentWriter? {
        guard let first = parts.first?.segment else { return nil }
        let writer = try SegmentWriter(
            path: path, encoder: encoder ?? first.encoder, dense: first.dense)
        writer.metadata = try metadata(of: parts)
        for (segment, dead) in parts {
            guard segment.encoder.fingerprint == writer.encoder.fingerprint,
                segment.dense == first.dense
            else {
                throw .mismatch(
                    path: segment.path, what: "an encoder or dense vectors",
                    found: String(segment.encoder.fingerprint, radix: 16),
                    expected: String(first.encoder.fingerprint, radix: 16))
            }
            var texts = StoredTexts(segment)
            for passage in 0..<segment.passages where !dead.contains(passage) {
                if isCancelled() { throw .file(.cancelled) }
                try copy(passage, of: segment, &texts, to: writer)
            }
        }
        return writer
    }

    /// The fields of the living passages, in order; a segment without one of them has no values.
    private static func metadata(
        of parts: [(segment: Segment, dead: Tombstones)]
    ) throws(IndexError) -> MetadataBuilder? {
        var names: [String] = []
        for (segment, _) in parts {
            for name in segment.metadata?.fields ?? [] where !names.contains(name) {
                names.append(name)
            }
        }
        if names.isEmpty { return nil }
        do throws(MetadataError) {
            var builder = try MetadataBuilder(fields: names)
            for (segment, dead) in parts { try builder.append(segment, without: dead) }
            return builder
        } catch { throw .metadata(error) }
    }

    private static func copy(
        _ passage: Int, of segment: Segment, _ texts: inout StoredTexts,
        to writer: SegmentWriter
    ) throws(IndexError) {
        let stored = try texts.text(of: passage)
        try writer.append(
            Passage(
                id: try segment.id(of: passage), text: stored.text, metadata: stored.metadata),
            try segment.encodedTokens(of: passage), dense: try segment.denseRow(of: passage))
    }
}
