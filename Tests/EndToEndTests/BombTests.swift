// Files that claim to be huge, read by a process that has little memory.

import Foundation
import TestSupport
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct BombTests {
        private static let kibibytes = 128 << 10

        /// `sounder neighbours`, with 128 MiB for all that it allocates.
        private func neighbours(_ path: String, _ site: Site) async throws -> Ending {
            try await Program(
                "/bin/sh",
                [
                    "-c", "ulimit -d \(Self.kibibytes) && exec \"$@\"", "sh",
                    Program.directory + "/sounder", "neighbours", "--vectors", path, "a",
                ], in: site
            ).ending(within: 10)
        }

        @Test("36, 37, 38: a file that lies is refused by name in 128 MiB of memory")
        func bombs() async throws {
            let site = try Site()
            let sound = try await neighbours(site.write("2 2\na 1 2\nb 3 4\n", to: "v.txt"), site)
            #expect(sound.code == 0, "that little memory is too little: \(sound)")
            for (index, bomb) in Bomb.all.enumerated() {
                let path = try site.write(bomb.bytes, to: "\(index).npy")
                let ending = try await neighbours(path, site)
                #expect(ending.code == 65 || ending.code == 66, "\(bomb): \(ending)")
                #expect(ending.errors.contains("\(index).npy"), "\(bomb): \(ending)")
            }
            try await site.expectNothingLeft()
        }
    }
}
