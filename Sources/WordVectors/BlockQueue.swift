// Hands out blocks to threads, in order and a few at a time.

import Synchronization

final class BlockQueue: Sendable {
    let blocks: [Int]
    /// Blocks in a group: enough that handing out and writing cost nothing.
    static let groupBlocks = 16
    private let next = Atomic<Int>(0)

    init(_ blocks: [Int]) {
        self.blocks = blocks
    }

    /// The number of the next group and its blocks, nil at the end.
    func take() -> (group: Int, blocks: ArraySlice<Int>)? {
        let group = next.add(1, ordering: .relaxed).oldValue
        let start = group * Self.groupBlocks
        guard start < blocks.count else { return nil }
        return (group, blocks[start ..< min(start + Self.groupBlocks, blocks.count)])
    }
}
