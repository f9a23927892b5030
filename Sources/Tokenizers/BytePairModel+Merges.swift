// Reads the merges of a byte-pair model, in both of their spellings.

extension BytePairModel {
    /// Both ids of each merge, with its rank and what it makes.
    ///
    /// - joinsBlanks: made true by a merge of something else with what starts with U+2581.
    static func merges(
        _ file: ModelFile, _ reader: inout JSONReader,
        _ vocabulary: borrowing Vocabulary, prefixBytes: Int,
        joinsBlanks: inout Bool
    ) throws(TokenizerError) -> PairTable {
        var merges = PairTable(capacity: vocabulary.table.count)
        var rank: Int32 = 0
        var joined = Growing<UInt8>()
        var whole = Growing<UInt8>()
        try file.seek("merges", &reader)
        var list = try reader.beginArray()
        while try reader.nextElement(&list) {
            joined.count = 0
            let split = try mergePair(&reader, &joined)
            if split < 0 { continue }
            let left = joined.bytes.slice(0, split)
            let right = joined.bytes.slice(split, joined.count)
            let (leftID, rightID) = (vocabulary.id(left), vocabulary.id(right))
            guard leftID >= 0, rightID >= 0, right.count >= prefixBytes else {
                throw reader.failure("merge \(rank) is of tokens that the vocabulary lacks")
            }
            whole.count = 0
            whole.append(left)
            whole.append(right.slice(prefixBytes, right.count))
            let id = vocabulary.id(whole.bytes)
            guard id >= 0 else {
                throw reader.failure("the vocabulary lacks what merge \(rank) makes")
            }
            merges.insert(leftID, rightID, rank, id)
            joinsBlanks =
                joinsBlanks
                || right.count >= 3 && isBlank(right, 0)
                    && !(left.count >= 3 && isBlank(left, left.count - 3))
            rank += 1
        }
        return merges
    }

    /// Puts both sides of a merge behind each other; where the second starts, -1 for a comment.
    private static func mergePair(
        _ reader: inout JSONReader, _ joined: inout Growing<UInt8>
    ) throws(TokenizerError) -> Int {
        if reader.upcoming() == UInt8(ascii: "[") {
            var parts = 0
            var split = 0
            var list = try reader.beginArray()
            while try reader.nextElement(&list) {
                split = joined.count
                joined.append(try reader.span())
                parts += 1
            }
            guard parts == 2 else { throw reader.failure("a merge of \(parts) tokens") }
            return split
        }
        let line = try reader.span()
        if line.count >= 8, line.slice(0, 8).string == "#version" { return -1 }
        var split = -1
        for place in 0..<line.count where line[place] == 0x20 {
            guard split < 0 else { throw reader.failure("a merge of more than two tokens") }
            split = place
        }
        guard split >= 0 else { throw reader.failure("a merge of one token") }
        joined.append(line.slice(0, split))
        joined.append(line.slice(split + 1, line.count))
        return split
    }
}
