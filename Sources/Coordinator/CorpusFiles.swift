// The corpus of a job as the coordinator serves it: checked, expanded where compressed, offered.

import Compression
import Files
import Protocol
import Transport

/// Opens the files that a job names. A compressed file is expanded once into the coordinator's
/// directory, because only plain text can be cut into ranges.
struct CorpusFiles {
    private static let blockBytes = 64 * 1024
    let job: JobID
    let payloads: PayloadTable

    /// - Throws: a `Fault` naming the first file that is missing, unreadable or changed.
    func open(_ files: [InputFile]) throws(Fault) -> Corpus {
        let plain = try expand(files, "the corpus is empty").map(\.text)
        let layout = Corpus(
            id: "\(job)/corpus", files: plain, blockBytes: Self.blockBytes)
        for (index, file) in plain.enumerated() {
            try offer(file, as: layout.payload(of: index).id)
        }
        return layout
    }

    /// The files as plain text, each with the one that was named; those without bytes are left out.
    ///
    /// - Parameter complaint: what is said if there are no bytes at all.
    func expand(
        _ files: [InputFile], _ complaint: String
    ) throws(Fault) -> [(text: InputFile, named: InputFile)] {
        var plain: [(InputFile, InputFile)] = []
        for (index, file) in files.enumerated() {
            try check(file)
            let text = try expanded(file, index)
            if text.size > 0 { plain.append((text, file)) }
        }
        guard !plain.isEmpty else {
            throw Fault(
                .data,
                "\(complaint): \(files[0].path)"
                    + (files.count > 1 ? " and \(files.count - 1) more files have no bytes" : ""))
        }
        return plain
    }

    func offer(_ file: InputFile, as id: String) throws(Fault) {
        try payloads.bulk.offer(id: id, file: file.path, size: file.size)
        // Open now: from here on its change is noticed wherever it is read.
        try check(file)
    }

    func check(_ file: InputFile) throws(Fault) {
        let now = try InputFile(reading: file.path)
        guard now.path == file.path else {
            throw Fault(.input, "\(file.path) is a link to \(now.path); name the file itself")
        }
        guard now == file else {
            throw Fault(
                .input, "\(file.path) has changed since the job was submitted; submit it again")
        }
    }

    private func expanded(_ file: InputFile, _ index: Int) throws(Fault) -> InputFile {
        do {
            guard try Decompressor.compression(of: file.path) != nil else { return file }
            let directory = payloads.directory(of: job).path
            try makeDirectory(directory)
            let path = "\(directory)/\(index).txt"
            // It appears whole or not at all, also after a power cut, and the compressed file is as
            // it was: so workers know a corpus again that was expanded before a restart.
            if let known = try? InputFile(reading: path) { return known }
            try Decompressor.expand(file.path, to: path, durable: payloads.isDurable)
            return try InputFile(reading: path)
        } catch let fault as Fault {
            throw fault
        } catch FileError.unwritable(_, let reason) {
            throw Fault(
                .temporary,
                "\(file.path) cannot be expanded in the coordinator's directory "
                    + "\(payloads.directory): \(reason); free some space there and try "
                    + "again, with `sounder retry \(job)` if this cluster stays")
        } catch FileError.outOfMemory(let doing) {
            throw Fault(.temporary, "\(FileError.outOfMemory(doing: doing))")
        } catch {
            throw Fault(.data, "\(error)")
        }
    }
}
