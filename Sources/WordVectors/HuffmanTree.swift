// The Huffman tree of hierarchical softmax: which inner nodes lead to each word.

import CKernels

/// Huffman's codes for words by their counts, as word2vec makes them (Mikolov et al. 2013, section
/// 2.1): of two branches the one of smaller weight has code 0, and of equal weights an inner node
/// counts as the smaller. Inner nodes are numbered from the root, which is 0, by falling weight, so
/// that those that most words pass stand first.
///
/// Memory: 8 bytes a word and 5 for each node on its path. Immutable, used by any thread.
public struct HuffmanTree: Sendable {
    private let offsets: [Int64]
    private let nodes: [Int32]
    private let codes: [UInt8]

    /// Inner nodes.
    public var nodeCount: Int { max(offsets.count - 2, 0) }

    /// - Parameters:
    ///   - counts: occurrences of each word, at least 0; at most 2^31 words.
    ///   - longest: greatest length of a code, 32...40. Counts so unlike that some word would
    ///     be further from the root are made more alike until none is.
    public init(counts: [Int], longest: Int = 40) {
        precondition(counts.count <= Int(Int32.max), "\(counts.count) words")
        precondition((32...Int(WORDS_MAX_PATH)).contains(longest), "codes of \(longest) bits")
        let order = counts.indices.sorted {
            counts[$0] == counts[$1] ? $0 > $1 : counts[$0] < counts[$1]
        }
        // sums of hostile counts may pass 64 bits
        var weights = order.map { Double(counts[$0]) }
        var branches = Branches(weights: weights)
        while branches.depths.max() ?? 0 > longest {
            weights = weights.map { ($0 / 2).rounded(.down) + 1 }
            branches = Branches(weights: weights)
        }
        var places = [Int](repeating: 0, count: counts.count)
        for (place, word) in order.enumerated() { places[word] = place }
        (offsets, nodes, codes) = branches.paths(places: places)
    }

    /// The nodes on the way to a word, from the root, and the branch taken at each.
    public func path(of word: Int) -> (nodes: [Int32], codes: [UInt8]) {
        let range = Int(offsets[word])..<Int(offsets[word + 1])
        return (Array(nodes[range]), Array(codes[range]))
    }

    func withUnsafePaths<Result>(
        _ body: (UnsafePointer<Int64>?, UnsafePointer<Int32>?, UnsafePointer<UInt8>?) -> Result
    ) -> Result {
        offsets.withUnsafeBufferPointer { offsets in
            nodes.withUnsafeBufferPointer { nodes in
                codes.withUnsafeBufferPointer { codes in
                    body(offsets.baseAddress, nodes.baseAddress, codes.baseAddress)
                }
            }
        }
    }
}

/// The tree from below: leaves 0..<n by rising weight, then inner nodes as they are made, which is
/// by rising weight too, so that the lightest is always at the head of one of two queues.
private struct Branches {
    /// The inner node above each leaf and inner node; the root has itself.
    private var parents: [Int]
    private var codes: [UInt8]
    private let leaves: Int
    /// Steps from the root to each leaf.
    private(set) var depths: [Int] = []

    init(weights leafWeights: [Double]) {
        leaves = leafWeights.count
        let total = max(2 * leaves - 1, 0)
        parents = Array(0..<total)
        codes = [UInt8](repeating: 0, count: total)
        var weights = leafWeights
        weights.reserveCapacity(total)
        var (leaf, inner) = (0, leaves)
        while weights.count < total {
            let made = weights.count
            var sum = 0.0
            for code: UInt8 in 0...1 {
                let takesLeaf =
                    leaf < leaves && (inner >= made || weights[leaf] < weights[inner])
                let lightest = takesLeaf ? leaf : inner
                if takesLeaf { leaf += 1 } else { inner += 1 }
                parents[lightest] = made
                codes[lightest] = code
                sum += weights[lightest]
            }
            weights.append(sum)
        }
        depths = measured()
    }

    private func measured() -> [Int] {
        var depths = [Int](repeating: 0, count: parents.count)
        for node in parents.indices.reversed() where parents[node] != node {
            depths[node] = depths[parents[node]] + 1
        }
        return Array(depths.prefix(leaves))
    }

    /// Paths of words by the place of each among the leaves.
    func paths(places: [Int]) -> (offsets: [Int64], nodes: [Int32], codes: [UInt8]) {
        var offsets: [Int64] = [0]
        offsets.reserveCapacity(places.count + 1)
        for place in places { offsets.append(offsets[offsets.count - 1] + Int64(depths[place])) }
        let count = Int(offsets[offsets.count - 1])
        var nodes = [Int32](repeating: 0, count: count)
        var branches = [UInt8](repeating: 0, count: count)
        let root = parents.count - 1
        for (word, place) in places.enumerated() {
            var node = place
            for at in (Int(offsets[word])..<Int(offsets[word + 1])).reversed() {
                branches[at] = codes[node]
                node = parents[node]
                nodes[at] = Int32(root - node)
            }
        }
        return (offsets, nodes, branches)
    }
}
