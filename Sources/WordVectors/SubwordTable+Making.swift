// The steps by which a table of subwords is made: collect buckets, rank them, number rows.

import Tensors

extension SubwordTable {
    static func memory(_ byteCount: Int) throws(SubwordError) -> AlignedBuffer {
        do {
            return try AlignedBuffer(byteCount: byteCount)
        } catch {
            throw .outOfMemory(byteCount: byteCount)
        }
    }

    /// Where the rows of each word begin: one for the word and one for each n-gram.
    static func offsets(
        of words: WordList, _ settings: Subwords
    ) throws(SubwordError) -> AlignedBuffer {
        let buffer = try memory(8 * (words.count + 1))
        let offsets = buffer.baseAddress.assumingMemoryBound(to: Int64.self)
        for word in 0..<words.count {
            let count = words.withBytes(word) { settings.count(of: $0) }
            offsets[word + 1] = offsets[word] + 1 + Int64(count)
        }
        return buffer
    }

    /// Puts each word's row and the buckets of its n-grams into `buckets`, and adds up their uses.
    static func collect(
        _ words: WordList, _ counts: [UInt64], _ settings: Subwords,
        offsets: AlignedBuffer, buckets: AlignedBuffer, uses: AlignedBuffer
    ) {
        let offsets = offsets.baseAddress.assumingMemoryBound(to: Int64.self)
        let buckets = buckets.baseAddress.assumingMemoryBound(to: Int32.self)
        let uses = uses.baseAddress.assumingMemoryBound(to: UInt64.self)
        for word in 0..<words.count {
            var next = Int(offsets[word])
            buckets[next] = Int32(word)
            // A bucket that is used has a row, even when its words claim not to occur.
            let count = max(counts[word], 1)
            words.withBytes(word) { bytes in
                settings.forEachBucket(of: bytes) { bucket in
                    next += 1
                    buckets[next] = bucket
                    let (sum, overflow) = uses[Int(bucket)].addingReportingOverflow(count)
                    uses[Int(bucket)] = overflow ? .max : sum
                }
            }
            assert(next + 1 == Int(offsets[word + 1]), "n-grams of word \(word)")
        }
    }

    /// The buckets in use, by falling use, equal ones by number.
    static func ranking(_ uses: AlignedBuffer, count: Int) throws(SubwordError) -> [Int32] {
        let uses = uses.baseAddress.assumingMemoryBound(to: UInt64.self)
        var ranking = (0..<Int32(count)).filter { uses[Int($0)] > 0 }
        ranking.sort { left, right in
            let a = uses[Int(left)], b = uses[Int(right)]
            return a == b ? left < right : a > b
        }
        return ranking
    }

    static func invert(
        _ ranking: [Int32], firstRow: Int, to rowOfBucket: AlignedBuffer, count: Int
    ) {
        let rows = rowOfBucket.baseAddress.assumingMemoryBound(to: Int32.self)
        rows.update(repeating: -1, count: count)
        for (place, bucket) in ranking.enumerated() {
            rows[Int(bucket)] = Int32(firstRow + place)
        }
    }

    /// Turns the buckets of all words into rows.
    static func renumber(
        _ entries: AlignedBuffer, offsets: AlignedBuffer, words: Int, rowOfBucket: AlignedBuffer
    ) {
        let offsets = offsets.baseAddress.assumingMemoryBound(to: Int64.self)
        let entries = entries.baseAddress.assumingMemoryBound(to: Int32.self)
        let rows = rowOfBucket.baseAddress.assumingMemoryBound(to: Int32.self)
        for word in 0..<words {
            for entry in Int(offsets[word]) + 1..<Int(offsets[word + 1]) {
                entries[entry] = rows[Int(entries[entry])]
            }
        }
    }
}
