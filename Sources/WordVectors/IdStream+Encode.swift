// Turns blocks of text into a stream of ids with several threads.

import CKernels
public import Files
import Glibc
import Synchronization

extension IdStream {
    /// What an encoding did.
    public struct Summary: Sendable, Equatable {
        /// Ids written, ends of sentences included.
        public var ids = 0
        /// Words of the vocabulary written.
        public var words = 0
        /// Sentences written: those with at least one word of the vocabulary.
        public var sentences = 0
        /// Tokens seen, in the vocabulary or not.
        public var tokens = 0
        /// Tokens above 1,024 bytes, dropped.
        public var overlongTokens = 0
        /// Tokens in which invalid UTF-8 was replaced.
        public var replacedTokens = 0
    }

    /// Writes the ids of `blocks`, in the order given, to a file. Words outside the vocabulary are
    /// dropped, then sentences without a word. The content is the same for any number of threads.
    ///
    /// - Throws: `.unwritable`, `.inputChanged`, `.unreadable`, `.outOfMemory`, `.cancelled`;
    ///   then no file is left behind.
    @discardableResult
    public static func encode(
        _ source: some TextSource, layout: CorpusLayout, blocks: [Int], vocabulary: Vocabulary,
        to path: String, threads: Int = 1, progress: TextProgress? = nil
    ) throws(FileError) -> Summary {
        let output = try IdOutput(path: path)
        let queue = BlockQueue(blocks)
        try TextThreads.run(threads) { (_, failure) throws(FileError) in
            var group = EncodedGroup()
            do throws(FileError) {
                while !failure.hasFailed, let (number, blocks) = queue.take() {
                    group.removeAll()
                    for block in blocks {
                        try group.append(block, of: layout, in: source, vocabulary)
                        try progress?.add(layout.nominal(block).range.count)
                    }
                    try output.place(group, number: number)
                }
            } catch {
                output.fail()
                throw error
            }
        }
        return try output.finish(vocabularyCount: vocabulary.count)
    }
}

/// The ids of a few blocks, in memory that is used again.
private struct EncodedGroup: ~Copyable {
    private var memory = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 1 << 18)
    private(set) var count = 0
    private(set) var totals = text_totals()

    mutating func removeAll() {
        count = 0
        totals = text_totals()
    }

    mutating func append(
        _ block: Int, of layout: CorpusLayout, in source: some TextSource,
        _ vocabulary: Vocabulary
    ) throws(FileError) {
        try BlockText.read(block, of: layout, in: source) { text throws(FileError) in
            reserve(text.count + 2)
            guard let base = memory.baseAddress else { return }
            count += text_encode(
                vocabulary.table.pointer, text.bytes, text.count, text.edges, base + count,
                &totals)
        }
    }

    private mutating func reserve(_ extra: Int) {
        guard memory.count - count < extra else { return }
        let wider = UnsafeMutableBufferPointer<Int32>.allocate(
            capacity: memory.count * 2 + extra)
        _ = wider.update(fromContentsOf: memory[..<count])
        memory.deallocate()
        memory = wider
    }

    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory.baseAddress, count: count * 4)
    }

    deinit { memory.deallocate() }
}

/// The file being written: groups take their places in order and are then written side by side.
private final class IdOutput: @unchecked Sendable {
    private let file: AtomicFile
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    // Behind the mutex.
    private var nextGroup = 0
    private var hasFailed = false
    private var summary = IdStream.Summary()

    init(path: String) throws(FileError) {
        file = try AtomicFile(path: path)
        mutex = .allocate(capacity: 1)
        changed = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
        _ = try file.reserve(IdStream.headerBytes)
    }

    /// Writes a group behind the one before it, which some thread has taken and will place.
    func place(_ group: borrowing EncodedGroup, number: Int) throws(FileError) {
        pthread_mutex_lock(mutex)
        while nextGroup != number, !hasFailed { pthread_cond_wait(changed, mutex) }
        if hasFailed {
            pthread_mutex_unlock(mutex)
            return
        }
        nextGroup += 1
        add(group.totals, ids: group.count)
        let bytes = group.bytes
        let offset = Result { () throws(FileError) in try file.reserve(bytes.count) }
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
        try file.fill(bytes, at: try offset.get())
    }

    private func add(_ totals: text_totals, ids: Int) {
        summary.ids += ids
        summary.sentences += Int(totals.sentences)
        summary.words += ids - Int(totals.sentences)
        summary.tokens += Int(totals.tokens)
        summary.overlongTokens += Int(totals.overlong)
        summary.replacedTokens += Int(totals.replaced)
    }

    /// Lets those go who wait for a group that will not come.
    func fail() {
        pthread_mutex_lock(mutex)
        hasFailed = true
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    func finish(vocabularyCount: Int) throws(FileError) -> IdStream.Summary {
        let header = [
            IdStream.magic, IdStream.version, UInt64(summary.ids), UInt64(summary.words),
            UInt64(summary.sentences), UInt64(vocabularyCount), 0, 0,
        ]
        let result = header.withUnsafeBytes { raw in
            Result { () throws(FileError) in try file.overwrite(raw, at: 0) }
        }
        try result.get()
        try file.commit(durable: false)
        return summary
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }
}
