// Fields of passages in what units leave: they are there, and of one type in all of an index.

import Documents
import FoundationEssentials
import Protocol
import Retrieval
import Transport

/// Found out when a unit ends, a field that has values of several types does not cost the work of
/// all others.
struct IndexFields {
    private var known: [FieldEntry] = []

    /// - Parameter wanted: as `--metadata-field` has them.
    mutating func add(_ segment: Frame, wanted: [String]) throws(Fault) {
        if wanted.isEmpty { return }
        do {
            let names = try MetadataField.list(wanted).map(\.name)
            let owner = FrameKeeper(segment)
            let found = try segment.withUnsafeBytes { bytes in
                try Segment.fields(of: bytes, keeping: owner, path: "the segment of a unit")
            }
            guard found.map(\.name) == names else {
                throw Fault(
                    .data, "it has fields \(found.map(\.name)), and \(names) are wanted")
            }
            try known.merge(found)
        } catch { throw Fault(.data, "a segment is refused: \(error)") }
    }
}

private final class FrameKeeper: Sendable {
    private let frame: Frame
    init(_ frame: Frame) { self.frame = frame }
}

extension IndexManifest {
    /// Remembers how documents that are added later are read.
    mutating func remember(fields: [String]?) {
        guard let fields, let json = try? JSONEncoder().encode(fields) else { return }
        building = building ?? [:]
        building?["metadataFields"] = String(decoding: json, as: UTF8.self)
    }
}
