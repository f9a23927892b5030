// The bounds of what is said where searches are asked.

extension IndexShards {
    /// The first thing out of bounds, as a phrase.
    func complaint() -> String? {
        guard path.hasPrefix("/"), path.utf8.count <= Limits.pathBytesMax, !path.utf8.contains(0)
        else { return "the index \(path.prefix(100).debugDescription) has no absolute path" }
        guard (1...Limits.indexShardsMax).contains(shards.count) else {
            return "\(shards.count) shards; 1 to \(Limits.indexShardsMax) are allowed"
        }
        let files = common + shards.joined()
        guard common.count <= 8, shards.allSatisfy({ (1...4).contains($0.count) }) else {
            return "shards of too many files"
        }
        return files.lazy.compactMap { $0.complaint() }.first
    }
}

extension IndexFile {
    fileprivate func complaint() -> String? {
        guard (1...200).contains(name.utf8.count), !name.hasPrefix("."),
            name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x2f && $0 != 0x7f })
        else { return "the file \(name.prefix(100).debugDescription) of an index" }
        guard (0...Limits.payloadBytesMax).contains(bytes) else {
            return "\(name) of \(bytes) bytes"
        }
        guard sha256.isDigest else { return "the digest of \(name)" }
        return nil
    }
}

extension ModelSource {
    /// A client says all of it: workers make files of the names, payloads have the ids.
    fileprivate var searchComplaint: String? {
        guard identity.isDigest, id == "model/\(identity)",
            digests.count == folder.entries.count, digests.allSatisfy(\.isDigest)
        else { return "the digests of the model \(folder.path.prefix(100).debugDescription)" }
        return folder.complaint
    }
}

extension String {
    /// 64 hexadecimal digits.
    fileprivate var isDigest: Bool {
        utf8.count == 64
            && utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}

extension Search {
    func complaint(bodyBytes: Int?) -> String? {
        guard bodyBytes != nil else { return "a question without a body" }
        guard (1...Limits.hitsMax).contains(top) else {
            return "top \(top); it must lie in 1...\(Limits.hitsMax)"
        }
        guard (1...Limits.searchMillisecondsMax).contains(deadlineMilliseconds) else {
            return "a deadline of \(deadlineMilliseconds) ms; it must lie in "
                + "1...\(Limits.searchMillisecondsMax)"
        }
        guard (1...16).contains(replicas) else {
            return "\(replicas) replicas; 1 to 16 are allowed"
        }
        return index.complaint() ?? model?.searchComplaint
    }
}

extension Score {
    func complaint(bodyBytes: Int?) -> String? {
        guard (1...Limits.hitsMax).contains(top),
            (1...Limits.searchMillisecondsMax).contains(deadlineMilliseconds)
        else { return "top \(top) within \(deadlineMilliseconds) ms" }
        guard shards.allSatisfy(index.shards.indices.contains) else { return "unknown shards" }
        guard shards.isEmpty || bodyBytes != nil else { return "a question without a body" }
        return index.complaint() ?? model?.searchComplaint
    }
}

extension Scored {
    func complaint(bodyBytes: Int?) -> String? {
        guard shards.count <= Limits.indexShardsMax,
            shards.allSatisfy((0..<Limits.indexShardsMax).contains)
        else { return "\(shards.count) shards" }
        guard fault != nil || bodyBytes != nil else { return "an answer without hits" }
        return nil
    }
}
