// Joins the phrases that a job has found in the texts that it was given.

import Compression
import Files
import Protocol
import Tensors
import Transport
import WordVectors

/// The phrases of one pass.
struct FoundPhrases: Sendable {
    let pairs: CountTable
    let scores: [Double]

    /// - Throws: a `Fault` if the payloads are not what they should be.
    init(table: [UInt8], scores: [UInt8]) throws(Fault) {
        do { pairs = try CountTable(table) } catch { throw Fault(.data, "\(error)") }
        // The threshold stands before them.
        guard scores.count == 8 * (pairs.entries + 1) else {
            throw Fault(
                .data, "\(pairs.entries) phrases came with \(scores.count) bytes of scores")
        }
        self.scores = scores.withUnsafeBytes { bytes in
            (1..<bytes.count / 8).map {
                Double(
                    bitPattern: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self))
            }
        }
    }

    /// Lines of joined form, count and score, by falling score.
    func write(to file: AtomicFile, delimiter: String) throws(FileError) {
        let order = scores.indices.sorted {
            scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1
        }
        for index in order {
            let joined = pairs.withKey(at: index) { Self.joined($0, with: delimiter) }
            try file.write("\(joined)\t\(pairs.count(at: index))\t\(scores[index])\n")
        }
    }

    /// The words of a key between its spaces, which are bytes: as a character a space takes the
    /// mark along with which the second word may begin.
    static func joined(_ key: UnsafeRawBufferPointer, with delimiter: String) -> String {
        key.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
            .joined(separator: delimiter)
    }
}

struct PhrasesJoining: Sendable {
    let files: [InputFile]
    let passes: [FoundPhrases]
    let delimiter: String
    let threads: Int

    /// Writes text and list, until the user interrupts.
    ///
    /// - Returns: the seconds that it took.
    func write(to destinations: PhraseDestinations) async throws -> Double {
        let progress = TextProgress()
        let start = ContinuousClock.now
        let written: Void? = try await attended(nil, interrupts: Interrupts.received) {
            try await withTaskCancellationHandler {
                try await onOwnThread("join") { try write(to: destinations, progress) }
            } onCancel: {
                progress.cancel()
            }
        }
        guard written != nil else {
            throw Fault(.cancelled, "interrupted; nothing was written")
        }
        return (ContinuousClock.now - start) / .seconds(1)
    }

    private func write(
        to destinations: PhraseDestinations, _ progress: TextProgress
    ) throws(Fault) {
        let joiner: PhraseJoiner
        do throws(CountTableError) {
            joiner = try PhraseJoiner(passes: passes.map(\.pairs), delimiter: delimiter)
        } catch { throw Fault(.data, "\(error)") }
        var writer = PhraseWriter(joining: joiner, to: destinations.text, threads: threads)
        for file in files { try append(file, to: &writer, progress) }
        do throws(FileError) {
            if let list = destinations.list {
                for pass in passes { try pass.write(to: list, delimiter: delimiter) }
                try list.synchronise()
            }
            try destinations.text.synchronise()
            try destinations.list?.commit()
            try destinations.text.commit()
        } catch { throw Fault(.output, "\(error)") }
    }

    private func append(
        _ file: InputFile, to writer: inout PhraseWriter, _ progress: TextProgress
    ) throws(Fault) {
        var directory: String?
        defer { if let directory { removeTree(directory) } }
        let path = try expanded(file.path, &directory)
        do {
            let source = try LocalTextSource(paths: [path])
            // What changed before it was opened; what changes later is noticed where it is read.
            guard try InputFile(reading: file.path) == file else {
                throw FileError.inputChanged(path: file.path)
            }
            let layout = CorpusLayout(fileSizes: source.fileSizes)
            try writer.append(source, layout: layout, progress: progress)
        } catch { throw Fault(joining: error) }
    }

    private func expanded(
        _ path: String, _ directory: inout String?
    ) throws(Fault) -> String {
        do throws(FileError) {
            guard try Decompressor.compression(of: path) != nil else { return path }
        } catch { throw Fault(.input, "\(error)") }
        let made = try makeTemporaryDirectory()
        directory = made
        do throws(FileError) {
            try Decompressor.expand(path, to: made + "/text")
        } catch { throw Fault(joining: error) }
        return made + "/text"
    }
}

extension Fault {
    fileprivate init(joining error: any Error) {
        switch error {
        case let fault as Fault: self = fault
        case FileError.cancelled: self = Fault(.cancelled, "interrupted; nothing was written")
        case FileError.unwritable: self = Fault(.output, "\(error)")
        case FileError.unreadable, FileError.inputChanged: self = Fault(.input, "\(error)")
        case FileError.outOfMemory: self = Fault(.temporary, "\(error)")
        default: self = Fault(.data, "\(error)")
        }
    }
}
