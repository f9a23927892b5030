// Whether the documents of a job have ids of their own, found out before any of them is encoded.

import Digests
import Documents
import Files
import Protocol
import Transport

/// A job that is to fail for a document with the id of an earlier one fails at once, and not after
/// hours. Where such documents are to be skipped, the reduction does it, which knows what else was.
struct UniqueIDs {
    private let spec: EncodeDocuments
    private let chunks: [EncodeChunk]
    private let scratch: String
    private let keysMax: Int

    /// - Parameter scratch: the directory for files that may be needed meanwhile.
    init(
        _ spec: EncodeDocuments, _ plan: EncodingPlan, scratch: String,
        keysMax: Int = RepeatedKeys.keysMax
    ) {
        self.spec = spec
        chunks = plan.chunks
        self.scratch = scratch
        self.keysMax = keysMax
    }

    /// - Throws: a `Fault` that names the first document, in the order of the input, whose id an
    ///   earlier one has.
    func check() throws(Fault) {
        if spec.skipsMalformed || !spec.idsMayRepeat { return }
        try makeDirectory(scratch)
        do {
            guard let found = try search() else { return }
            throw try complaint(found)
        } catch let fault as Fault {
            throw fault
        } catch FileError.unwritable(let path, let reason) {
            throw Fault(
                .temporary,
                "ids cannot be compared in \(path): \(reason); free some space there and try again")
        } catch { throw Fault(.input, "\(error)") }
    }

    /// Numbers of records, and how many documents have the id of an earlier one.
    private typealias Found = (record: Int, first: Int, count: Int)

    private func search() throws -> Found? {
        var keys = RepeatedKeys(scratch: "\(scratch)/ids", keysMax: keysMax)
        try forEachID(of: chunks) { entry, _ throws(FileError) in
            let key = DigestKey(of: entry.id)
            try keys.add(high: key.high, low: key.low, number: entry.record)
        }
        var found: Found?
        keys.finish { number, first in
            let count = (found?.count ?? 0) + 1
            if let earlier = found, earlier.record < number {
                found = (earlier.record, earlier.first, count)
            } else {
                found = (number, first, count)
            }
        }
        return found
    }

    private func forEachID(
        of chunks: [EncodeChunk],
        _ body: (DocumentIDs.Entry, EncodeChunk) throws(FileError) -> Void
    ) throws {
        guard let format = DocumentFormat(rawValue: spec.format) else { return }
        var open: (file: InputFile, ids: DocumentIDs)?
        for chunk in chunks {
            let ids: DocumentIDs
            if let open, open.file == chunk.file {
                ids = open.ids
            } else {
                let fields = DocumentFields(id: spec.idField, text: spec.textFields)
                ids = try DocumentIDs(
                    chunk.file.path, try DocumentLayout(format, fields, columns: chunk.columns))
                open = (chunk.file, ids)
            }
            let range = RecordRange(
                bytes: chunk.bytes, firstRecord: chunk.firstRecord, firstLine: chunk.firstLine,
                records: chunk.records.count)
            try ids.read(range) { entry throws(FileError) in try body(entry, chunk) }
        }
    }

    private func complaint(_ found: Found) throws -> Fault {
        var places: [Int: String] = [:]
        var id = ""
        let records = [found.record, found.first]
        let chunks = chunks.filter { chunk in
            records.contains { (0..<chunk.records.count).contains($0 - chunk.firstRecord) }
        }
        try forEachID(of: chunks) { entry, chunk throws(FileError) in
            guard records.contains(entry.record) else { return }
            places[entry.record] = "\(chunk.name):\(entry.line)"
            if entry.record == found.record { id = String(decoding: entry.id, as: UTF8.self) }
        }
        let others = found.count - 1
        let more =
            others == 0
            ? "" : ", and so it is with \(others) more document\(others == 1 ? "" : "s")"
        return Fault(
            .data,
            "\(places[found.record] ?? "a document"): the id "
                + "\(String(id.prefix(100)).debugDescription) is that of "
                + "\(places[found.first] ?? "an earlier one"), too\(more); make ids unique, or "
                + "pass --on-error skip to keep the first document of each")
    }
}
