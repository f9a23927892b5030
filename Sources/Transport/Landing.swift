// Memory that a payload lands in: as large as claimed, but paid for only as bytes arrive.

import Glibc
import Protocol

enum Landing {
    /// From here on memory is mapped: untouched pages cost nothing, and none is left behind.
    private static let mappedBytesMin = 1 << 20

    /// Nil if the system has no room for `count` bytes.
    static func allocate(_ count: Int) -> UnsafeMutableRawBufferPointer? {
        guard count >= mappedBytesMin else { return .allocate(byteCount: count, alignment: 16) }
        let memory = mmap(
            nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let memory, memory != MAP_FAILED else { return nil }
        // Only a hint: 512 times fewer page faults where the system follows it.
        madvise(memory, count, MADV_HUGEPAGE)
        return UnsafeMutableRawBufferPointer(start: memory, count: count)
    }

    static func release(_ memory: UnsafeRawBufferPointer) {
        guard memory.count >= mappedBytesMin else { return memory.deallocate() }
        munmap(UnsafeMutableRawPointer(mutating: memory.baseAddress), memory.count)
    }
}
