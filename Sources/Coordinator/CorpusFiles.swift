// The corpus of a job as the coordinator serves it: checked, expanded where compressed, offered.

import Compression
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
        var plain: [InputFile] = []
        for (index, file) in files.enumerated() {
            try check(file)
            let text = try expanded(file, index)
            if text.size > 0 { plain.append(text) }
        }
        guard !plain.isEmpty else {
            throw Fault(
                .data, "the corpus is empty: \(files[0].path)"
                    + (files.count > 1 ? " and \(files.count - 1) more files have no bytes" : ""))
        }
        let layout = Corpus(
            id: "\(job)/corpus", files: plain, blockBytes: Self.blockBytes)
        for (index, file) in plain.enumerated() {
            try payloads.bulk.offer(
                id: layout.payload(of: index).id, file: file.path, size: file.size)
            // Open now: from here on its change is noticed wherever it is read.
            try check(file)
        }
        return layout
    }

    private func check(_ file: InputFile) throws(Fault) {
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
            // It appears whole or not at all, and the compressed file is as it was: so workers
            // know a corpus again that was expanded before a restart.
            if let known = try? InputFile(reading: path) { return known }
            try Decompressor.expand(file.path, to: path)
            return try InputFile(reading: path)
        } catch let fault as Fault {
            throw fault
        } catch {
            throw Fault(.data, "\(error)")
        }
    }
}
