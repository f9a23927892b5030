// What a job that builds an index reduces to: where it goes, and checks of what workers hand in.

import Documents
import Files
import Glibc
import Protocol
import Retrieval
import Transport

/// Memory holds the sample, or of the segments what their writer holds, however large the
/// collection is.
struct IndexReduction {
    let spec: BuildIndex
    let source: ModelSource
    /// Where the index goes, and where it is put together.
    let folder: String
    let scratch: String
    let isDurable: Bool

    static let manifestName = IndexManifest.fileName

    /// The figures of the index that stands in `folder`, whose manifest is moved there last; nil
    /// before that.
    static func finished(in folder: String) -> [String: Double]? {
        guard access("\(folder)/\(manifestName)", F_OK) == 0 else { return nil }
        return (try? IndexManifest.read("\(folder)/\(manifestName)"))?.measures
    }

    static func codebook(at path: String) throws(Fault) -> Frame {
        do {
            _ = try TokenEncoder.read(from: path)
            let file = try MappedFile(path: path)
            return Frame(file.bytes) { _ in withExtendedLifetime(file) {} }
        } catch { throw Fault(.data, "the centroids of the index cannot be read: \(error)") }
    }

    /// What a unit of the second round left; the segment is opened when it is merged.
    static func check(_ documents: Frame, _ segment: Frame) throws(Fault) {
        do {
            let count = try documents.withUnsafeBytes { bytes in
                try EncodedDocuments.read(bytes).0.documents.count
            }
            let passages = try segment.withUnsafeBytes { bytes in
                try Segment.passages(inHeader: bytes, path: "the segment of a unit")
            }
            guard count == passages else {
                throw Fault(.data, "\(passages) passages of \(count) documents")
            }
        } catch {
            throw Fault(.data, "a segment is refused: \(error)")
        }
    }
}
