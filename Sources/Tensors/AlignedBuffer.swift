// Zeroed memory for numbers: page-aligned, in huge pages where granted, freed with its owner.

import Glibc

/// Anonymous, zero-filled, page-aligned memory. Pages cost nothing until they are written.
///
/// `@unchecked Sendable`: Hogwild training shares one buffer between threads on purpose; whoever
/// needs exclusive access arranges it.
public final class AlignedBuffer: @unchecked Sendable {
    public let baseAddress: UnsafeMutableRawPointer
    /// Bytes asked for; the mapping itself is rounded up to whole pages.
    public let byteCount: Int

    /// - Throws: `TensorError.outOfMemory` naming the size when the system refuses it.
    public init(byteCount: Int) throws(TensorError) {
        precondition(byteCount >= 0, "negative buffer size \(byteCount)")
        let length = max(byteCount, 1)
        let mapping = mmap(
            nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let mapping, mapping != MAP_FAILED else {
            throw .outOfMemory(byteCount: byteCount)
        }
        // Rows are gathered at random, so address translation is a cost of its own.
        if length >= 4 << 20 { _ = madvise(mapping, length, MADV_HUGEPAGE) }
        baseAddress = mapping
        self.byteCount = byteCount
    }

    deinit {
        munmap(baseAddress, max(byteCount, 1))
    }
}
