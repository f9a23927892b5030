// Making an inverted file from text.

public import Files

extension InvertedFile {
    /// Takes one passage after the other and writes their terms when all are there.
    ///
    /// Holds 8 bytes for each pair of a passage and a term, and as much again in `finish`; whoever
    /// has more passages than memory watches `byteCount`, and finishes and merges.
    public struct Builder: ~Copyable {
        private let analyzer: WordAnalyzer
        private var table = TermTable(isLarge: true)
        /// Passage by passage; `ends[p]` is where those of passage `p` end.
        private var pairs: [Pair] = []
        private var ends: [Int] = []
        private var lengths: [UInt32] = []
        private var seen: [Seen] = []
        /// Words that were longer than `WordAnalysis.wordBytesMax`.
        public private(set) var wordsTooLong = 0

        /// Of a term: passages that have it, and its place in `pairs` where it was seen last.
        private struct Seen {
            var passages = 0
            var place = -1
        }

        private struct Pair {
            let term: UInt32
            var frequency: UInt32
        }

        /// - Throws: `.unknownLanguage`.
        public init(_ analysis: WordAnalysis) throws(WordsError) {
            analyzer = try WordAnalyzer(analysis)
        }

        public var passageCount: Int { lengths.count }

        /// About the memory that `finish` will need.
        public var byteCount: Int {
            table.byteCount + 16 * pairs.count + 16 * seen.count + 12 * lengths.count
        }

        /// Adds a passage, UTF-8; what is no UTF-8 in it separates words. Returns its number.
        ///
        /// - Throws: `.tooManyDocuments`.
        @discardableResult
        public mutating func add(_ text: UnsafeRawBufferPointer) throws(WordsError) -> Int {
            guard lengths.count < InvertedFile.passagesMax else {
                throw .tooManyDocuments(documentsMax: InvertedFile.passagesMax)
            }
            let start = pairs.count
            var length = 0
            wordsTooLong += analyzer.forEachWord(in: text) { word, isASCII in
                guard let term = table.term(of: word, isASCII: isASCII, analyzer) else { return }
                length += 1
                count(term, from: start)
            }
            ends.append(pairs.count)
            lengths.append(UInt32(clamping: length))
            return lengths.count - 1
        }

        /// Adds a passage.
        ///
        /// - Throws: `.tooManyDocuments`.
        @discardableResult
        public mutating func add(_ text: String) throws(WordsError) -> Int {
            try add(bytes: Array(text.utf8))
        }

        private mutating func add(bytes: [UInt8]) throws(WordsError) -> Int {
            let copy = UnsafeMutableRawBufferPointer.allocate(
                byteCount: bytes.count, alignment: 8)
            defer { copy.deallocate() }
            copy.copyBytes(from: bytes)
            return try add(UnsafeRawBufferPointer(copy))
        }

        /// - Parameter start: where the pairs of this passage begin.
        @inline(__always)
        private mutating func count(_ term: Int, from start: Int) {
            if term == seen.count { seen.append(Seen()) }
            let place = seen[term].place
            if place >= start {
                pairs[place].frequency &+= 1
            } else {
                seen[term].place = pairs.count
                seen[term].passages += 1
                pairs.append(Pair(term: UInt32(truncatingIfNeeded: term), frequency: 1))
            }
        }

        /// Hands the bytes to `sink`, in pieces.
        ///
        /// - Throws: `.file` with what the sink threw.
        public consuming func finish(
            _ sink: @escaping (UnsafeRawBufferPointer) throws(FileError) -> Void
        ) throws(WordsError) {
            var writer = InvertedFileWriter(analyzer.analysis, lengths: lengths, sink: sink)
            let (postings, starts) = byTerm()
            for term in sortedTerms() {
                let terms = table.terms
                let bytes = terms.withBytes(of: term) { Array($0) }
                try writer.add(bytes, postings[starts[term]..<starts[term + 1]])
            }
            try writer.finish()
        }

        /// The postings of each term side by side, passages ascending.
        private func byTerm() -> (postings: [Posting], starts: [Int]) {
            var starts = [Int](repeating: 0, count: seen.count + 1)
            for (term, seen) in seen.enumerated() {
                starts[term + 1] = starts[term] + seen.passages
            }
            var places = starts
            let postings = [Posting](unsafeUninitializedCapacity: pairs.count) { memory, count in
                var index = 0
                for (passage, end) in ends.enumerated() {
                    while index < end {
                        let pair = pairs[index]
                        memory[places[Int(pair.term)]] = Posting(
                            passage: UInt32(passage), frequency: pair.frequency)
                        places[Int(pair.term)] += 1
                        index += 1
                    }
                }
                count = index
            }
            return (postings, starts)
        }

        /// The numbers of all terms, ordered by their bytes.
        private func sortedTerms() -> [Int] {
            // The first eight bytes decide nearly always.
            var keys = (0..<table.terms.count).map { number in
                (table.terms.withBytes(of: number, Self.leadingBytes), number)
            }
            keys.sort { left, right in
                left.0 != right.0
                    ? left.0 < right.0 : table.terms.isOrdered(left.1, before: right.1)
            }
            return keys.map(\.1)
        }

        private static func leadingBytes(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
            var key: UInt64 = 0
            for place in 0..<8 { key = key << 8 | (place < bytes.count ? UInt64(bytes[place]) : 0) }
            return key
        }
    }
}
