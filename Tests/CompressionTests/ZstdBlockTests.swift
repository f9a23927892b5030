// Single frames of zstd in memory.

import Testing

@testable import Compression

@Suite("Zstd blocks")
struct ZstdBlockTests {
    @Test("bytes come back", arguments: [0, 1, 1000, 300_000])
    func roundTrip(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * $0 >> 7) }
        let frame = try #require(ZstdBlock.compress(bytes))
        #expect(frame.withUnsafeBytes { ZstdBlock.expand($0, count: count) } == bytes)
    }

    @Test("a frame of another size, cut short or damaged is refused")
    func refused() throws {
        let bytes = (0..<5000).map { UInt8($0 % 7) }
        let frame = try #require(ZstdBlock.compress(bytes))
        for count in [0, 4999, 5001] {
            let found = frame.withUnsafeBytes { ZstdBlock.expand($0, count: count) }
            #expect(found == nil)
        }
        for length in 0..<frame.count {
            let found = frame[..<length].withUnsafeBytes { ZstdBlock.expand($0, count: 5000) }
            #expect(found == nil)
        }
        var damaged = frame
        damaged[0] ^= 1
        #expect(damaged.withUnsafeBytes { ZstdBlock.expand($0, count: 5000) } == nil)
    }
}
