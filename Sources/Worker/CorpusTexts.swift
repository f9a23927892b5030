// The text of a corpus as this worker reads it: in place where it sees the files, else by ranges.

import Files
import Protocol
import Transport
import WordVectors

/// Opens the corpora of jobs and keeps the last one open.
final class CorpusTexts {
    struct Text {
        let source: any TextSource
        let layout: CorpusLayout
    }

    private let bulk: BulkExchange
    private let readsInPlace: Bool
    private var last: (id: String, text: Text)?

    /// - Parameter readsInPlace: false makes the worker fetch text although it sees the files.
    init(bulk: BulkExchange, readsInPlace: Bool) {
        self.bulk = bulk
        self.readsInPlace = readsInPlace
    }

    func open(_ corpus: Corpus) throws -> Text {
        if let last, last.id == corpus.id { return last.text }
        let layout = CorpusLayout(
            fileSizes: corpus.files.map(\.size), blockBytes: corpus.blockBytes)
        let text = Text(source: try source(of: corpus), layout: layout)
        last = (corpus.id, text)
        return text
    }

    private func source(of corpus: Corpus) throws -> any TextSource {
        // Opened before they are compared: what changes later is noticed when it is read.
        if readsInPlace, let local = try? LocalTextSource(paths: corpus.files.map(\.path)),
            corpus.files.allSatisfy({ (try? InputFile(reading: $0.path)) == $0 })
        {
            return local
        }
        return RemoteTextSource(corpus: corpus, bulk: bulk)
    }
}

/// Text that the coordinator serves by ranges.
struct RemoteTextSource: TextSource {
    let corpus: Corpus
    let bulk: BulkExchange
    private static let deadlineSeconds = 120.0

    var fileSizes: [Int] { corpus.files.map(\.size) }

    func withBytes<Value>(
        file: Int, range: Range<Int>,
        _ body: (UnsafeRawBufferPointer) throws(FileError) -> Value
    ) throws(FileError) -> Value {
        let frame: Frame
        do throws(Fault) {
            frame = try bulk.fetchRange(
                id: corpus.payload(of: file).id, offset: range.lowerBound, length: range.count,
                from: .coordinator, deadlineSeconds: Self.deadlineSeconds)
        } catch {
            let path = corpus.files[file].path
            // Another attempt would not find it as it was.
            if error.code == .input, !error.retryable { throw .inputChanged(path: path) }
            throw .unreadable(path: path, reason: error.message)
        }
        return try frame.withUnsafeBytes(body)
    }
}
