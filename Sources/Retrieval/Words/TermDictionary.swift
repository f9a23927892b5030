// Terms by their bytes, in blocks of 16 that share beginnings.

import Glibc

/// Reads the terms of one block after the other. An entry is the count of bytes shared with the
/// term before (u8), the count of the others (u8), and those.
struct TermIterator {
    private let part: UnsafeRawBufferPointer
    private var place: Int
    private(set) var term: [UInt8] = []

    init(_ part: UnsafeRawBufferPointer, at place: Int) {
        self.part = part
        self.place = place
        term.reserveCapacity(WordAnalysis.bytesMax)
    }

    /// Goes on to the next term, which is the first or stands `inBlock`; false if the bytes end or
    /// make no sense.
    mutating func next(inBlock: Bool) -> Bool {
        guard place + 2 <= part.count else { return false }
        let shared = Int(part[place])
        let other = Int(part[place + 1])
        guard shared <= (inBlock ? term.count : 0), shared + other <= WordAnalysis.bytesMax,
            other <= part.count - place - 2
        else { return false }
        term.removeSubrange(shared...)
        term.append(contentsOf: part[place + 2..<place + 2 + other])
        place += 2 + other
        return true
    }

    /// Appends a term to a block, `previous` being nil for its first.
    static func append(
        _ term: [UInt8], after previous: [UInt8]?, to bytes: inout [UInt8]
    ) {
        var shared = 0
        if let previous {
            let limit = min(previous.count, term.count)
            while shared < limit, previous[shared] == term[shared] { shared += 1 }
        }
        bytes.append(UInt8(shared))
        bytes.append(UInt8(term.count - shared))
        bytes.append(contentsOf: term[shared...])
    }
}

extension InvertedFile {
    private var termPart: UnsafeRawBufferPointer {
        let start = layout.termsOffset
        return UnsafeRawBufferPointer(rebasing: bytes[start..<start + layout.termBytes])
    }

    /// The number of a term, or nil if no passage has it.
    func number(of term: [UInt8]) -> Int? {
        let part = termPart
        return term.withUnsafeBytes { term in
            // The last block whose first term is not after `term`.
            var low = 0
            var high = layout.blocks
            while low < high {
                let middle = (low + high) / 2
                guard let first = Self.firstTerm(part, at: blockOffset(middle)) else { return nil }
                if Self.compare(term, first) < 0 {
                    high = middle
                } else {
                    low = middle + 1
                }
            }
            return low == 0 ? nil : number(of: term, inBlock: low - 1, part)
        }
    }

    private static func firstTerm(
        _ part: UnsafeRawBufferPointer, at place: Int
    ) -> UnsafeRawBufferPointer? {
        guard place + 2 <= part.count, Int(part[place + 1]) <= part.count - place - 2 else {
            return nil
        }
        return UnsafeRawBufferPointer(
            rebasing: part[place + 2..<place + 2 + Int(part[place + 1])])
    }

    private static func compare(
        _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer
    ) -> Int {
        guard let first = left.baseAddress, let second = right.baseAddress else {
            return left.count - right.count
        }
        let order = Int(memcmp(first, second, min(left.count, right.count)))
        return order == 0 ? left.count - right.count : order
    }

    private func number(
        of term: UnsafeRawBufferPointer, inBlock block: Int, _ part: UnsafeRawBufferPointer
    ) -> Int? {
        let first = block * InvertedFileLayout.blockTerms
        var place = blockOffset(block)
        // How many bytes `term` shares with the term before the one at `place`.
        var matched = 0
        for number in first..<min(first + InvertedFileLayout.blockTerms, termCount) {
            guard place + 2 <= part.count else { return nil }
            let shared = Int(part[place])
            let other = Int(part[place + 1])
            guard other <= part.count - place - 2 else { return nil }
            // Terms ascend: once one shares less than matched before, `term` is not there.
            if shared < matched { return nil }
            if shared == matched {
                let bytes = part[place + 2..<place + 2 + other]
                var next = bytes.startIndex
                while next < bytes.endIndex, matched < term.count, part[next] == term[matched] {
                    next += 1
                    matched += 1
                }
                if matched == term.count, next == bytes.endIndex { return number }
            }
            place += 2 + other
        }
        return nil
    }

    /// In how many passages a term is.
    public func passages(with term: String) -> Int {
        number(of: Array(term.utf8)).map { Int(record($0).passages) } ?? 0
    }

    /// An iterator that stands before the first term.
    func makeTermIterator() -> TermIterator { TermIterator(termPart, at: 0) }

    /// Every term in order with the passages that have it and how often each does; for tests.
    ///
    /// - Throws: `.malformed`.
    func allPostings() throws(WordsError) -> [(term: String, postings: [Posting])] {
        var all: [(String, [Posting])] = []
        var iterator = makeTermIterator()
        for number in 0..<termCount {
            guard iterator.next(inBlock: number % InvertedFileLayout.blockTerms != 0) else {
                throw .malformed(reason: "term \(number) cannot be read")
            }
            all.append(
                (String(decoding: iterator.term, as: UTF8.self), try checkedPostings(of: number)))
        }
        return all
    }

    /// - Throws: `.malformed` for postings that are not as they were written.
    func checkedPostings(of term: Int) throws(WordsError) -> [Posting] {
        let bytes = postings(of: term)
        let count = Int(record(term).passages)
        var postings: [Posting] = []
        var passages = [UInt32](repeating: 0, count: BlockHeader.postingsMax)
        var frequencies = passages
        var place = BlockHeader.byteCount * BlockHeader.blocks(of: count)
        // Room for what the bytes can hold, whatever the record says.
        postings.reserveCapacity(min(count, bytes.count))
        for block in 0..<BlockHeader.blocks(of: count) {
            let header = BlockHeader(bytes, at: block * BlockHeader.byteCount)
            guard header.dataBytes <= bytes.count - place, let base = bytes.baseAddress,
                header.count == min(count - postings.count, BlockHeader.postingsMax)
            else { throw .malformed(reason: "block \(block) of term \(term) would lie outside") }
            header.unpack(base + place, passages: &passages, frequencies: &frequencies)
            place += header.dataBytes
            for index in 0..<header.count {
                let isAfter = postings.last.map { $0.passage < passages[index] } ?? true
                guard isAfter, passages[index] < layout.passages, frequencies[index] > 0 else {
                    throw .malformed(reason: "the passages of term \(term) are out of order")
                }
                postings.append(
                    Posting(passage: passages[index], frequency: frequencies[index]))
            }
        }
        return postings
    }
}
