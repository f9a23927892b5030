// The Huffman tree of hierarchical softmax: a small one by hand, and what every tree must be.

import Testing
import WordVectors

@Suite("The Huffman tree")
struct HuffmanTests {
    @Test("of a small vocabulary is the one that word2vec makes")
    func small() {
        let tree = HuffmanTree(counts: [5, 3, 2, 1, 1])
        let codes = (0..<5).map { tree.path(of: $0).codes }
        #expect(codes == [[0], [1, 0], [1, 1, 1], [1, 1, 0, 1], [1, 1, 0, 0]])
        let nodes = (0..<5).map { tree.path(of: $0).nodes }
        #expect(nodes == [[0], [0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3]])
        #expect(tree.nodeCount == 4)
    }

    @Test("gives each word a way of its own, as short on average as can be")
    func optimal() {
        var generator = Xorshift(state: 12)
        let counts = (0..<500).map { _ in Int.random(in: 0...10_000, using: &generator) }
        let tree = HuffmanTree(counts: counts)
        var ways: Set<[UInt8]> = []
        var (kraft, cost) = (0.0, 0)
        for (word, count) in counts.enumerated() {
            let codes = tree.path(of: word).codes
            ways.insert(codes)
            kraft += 1 / Double(1 << codes.count)
            cost += count * codes.count
        }
        #expect(ways.count == 500)
        #expect(kraft == 1)
        // the cost of Huffman's tree is the sum of its inner weights, merged two lightest at a time
        var (heap, least) = (counts, 0)
        while heap.count > 1 {
            heap.sort(by: >)
            let sum = heap.removeLast() + heap.removeLast()
            least += sum
            heap.append(sum)
        }
        #expect(cost == least)
    }

    @Test("numbers its inner nodes by falling use, from the root")
    func order() {
        let counts = (1...300).map { 100_000 / $0 }
        let tree = HuffmanTree(counts: counts)
        var uses = [Int](repeating: 0, count: tree.nodeCount)
        for (word, count) in counts.enumerated() {
            let path = tree.path(of: word)
            #expect(path.nodes.first == 0)
            for node in path.nodes { uses[Int(node)] += count }
        }
        #expect(tree.nodeCount == 299)
        #expect(uses == uses.sorted(by: >))
    }

    @Test("never has a longer way than 40, however unlike the counts are")
    func longest() {
        var counts = [1, 1]
        while counts.count < 85 { counts.append(counts.suffix(2).reduce(0, +)) }
        for counts in [counts, counts + [Int.max, Int.max]] {
            let tree = HuffmanTree(counts: counts)
            let lengths: [Int] = counts.indices.map { tree.path(of: $0).codes.count }
            #expect(lengths.max() ?? 0 <= 40)
            let kraft = lengths.reduce(0.0) { sum, length in sum + 1 / Double(1 << length) }
            #expect(abs(kraft - 1) < 1e-12)
        }
    }

    @Test("of one word or none has no inner node")
    func tiny() {
        #expect(HuffmanTree(counts: [7]).path(of: 0).codes.isEmpty)
        #expect(HuffmanTree(counts: [7]).nodeCount == 0)
        #expect(HuffmanTree(counts: []).nodeCount == 0)
        #expect(HuffmanTree(counts: [0, 0]).path(of: 1).nodes == [0])
    }
}
