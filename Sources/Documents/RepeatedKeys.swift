// Finds the keys that occur more than once among any number of them, in bounded memory.

public import Files
import Glibc

/// Collects keys of 128 bits with a number each. What fills the memory is sorted into a file, and
/// the files are merged at the end: 24 bytes of disk for each key beyond the first `keysMax`.
public struct RepeatedKeys {
    /// Of them 48 MiB, and half of that while they are sorted.
    public static let keysMax = 1 << 21

    /// Ordered by key, then by number.
    private struct Entry: Comparable {
        let high: UInt64
        let low: UInt64
        let number: Int

        static func < (a: Entry, b: Entry) -> Bool {
            (a.high, a.low, a.number) < (b.high, b.low, b.number)
        }

        func hasKey(of other: Entry) -> Bool { high == other.high && low == other.low }
    }

    private let scratch: String
    private let keysMax: Int
    private var entries: [Entry] = []
    private var runs: [MappedFile] = []

    /// - Parameter scratch: beginning of the paths of files that may be needed meanwhile.
    public init(scratch: String, keysMax: Int = Self.keysMax) {
        precondition(keysMax > 0, "\(keysMax) keys in memory")
        self.scratch = scratch
        self.keysMax = keysMax
    }

    /// - Throws: `.unwritable`, `.unreadable` of the files.
    public mutating func add(high: UInt64, low: UInt64, number: Int) throws(FileError) {
        if entries.count == keysMax { try spill() }
        entries.append(Entry(high: high, low: low, number: number))
    }

    /// Hands `body` each number whose key a smaller number has, too, with the smallest of these.
    /// They come in the order of their keys.
    public mutating func finish(_ body: (_ number: Int, _ first: Int) -> Void) {
        entries.sort()
        var merge = Merge(runs, entries)
        var first: Entry?
        while let entry = merge.next() {
            if let known = first, known.hasKey(of: entry) {
                body(entry.number, known.number)
            } else {
                first = entry
            }
        }
        entries = []
        runs = []
    }

    /// The file has no name any more once it is mapped, so that nothing is left of it.
    private mutating func spill() throws(FileError) {
        entries.sort()
        let path = "\(scratch)-\(runs.count)"
        let file = try AtomicFile(path: path)
        let written = entries.withUnsafeBytes { bytes in
            Result { () throws(FileError) in try file.write(bytes) }
        }
        try written.get()
        try file.commit(durable: false)
        defer { unlink(path) }
        let run = try MappedFile(path: path)
        run.willReadSequentially()
        runs.append(run)
        entries.removeAll(keepingCapacity: true)
    }

    /// The entries of sorted runs in their order. Runs are few: a hundred hold 200 million keys.
    private struct Merge {
        private let runs: [MappedFile]
        private let last: [Entry]
        /// The next entry of each run that has one, and where in the run it stands.
        private var heads: [(entry: Entry, run: Int, index: Int)] = []

        init(_ runs: [MappedFile], _ last: [Entry]) {
            self.runs = runs
            self.last = last
            for run in 0...runs.count {
                if let entry = entry(0, of: run) { heads.append((entry, run, 0)) }
            }
        }

        mutating func next() -> Entry? {
            guard var least = heads.indices.first else { return nil }
            for index in heads.indices where heads[index].entry < heads[least].entry {
                least = index
            }
            let head = heads[least]
            if let entry = entry(head.index + 1, of: head.run) {
                heads[least] = (entry, head.run, head.index + 1)
            } else {
                heads.remove(at: least)
            }
            return head.entry
        }

        private func entry(_ index: Int, of run: Int) -> Entry? {
            if run == runs.count { return index < last.count ? last[index] : nil }
            let offset = index * MemoryLayout<Entry>.stride
            guard offset < runs[run].bytes.count else { return nil }
            return runs[run].bytes.load(fromByteOffset: offset, as: Entry.self)
        }
    }
}
