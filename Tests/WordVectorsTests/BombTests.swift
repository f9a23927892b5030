// Files that lie about themselves are found out from their first bytes.

import Files
import TestSupport
import Testing
import WordVectors

@Suite struct BombTests {
    @Test(
        "36, 37, 38: a file that lies about its size or its type is refused within 100 ms",
        arguments: Bomb.all)
    func refused(bomb: Bomb) throws {
        let scratch = try Scratch()
        let path = try scratch.write(bomb.bytes, to: "x.npy")
        _ = try scratch.write("a 1\n", to: "x.vocab")
        // The best of several, because other tests want the cores, too.
        var best = Duration.seconds(60)
        for _ in 0..<5 {
            best = min(
                best,
                ContinuousClock().measure {
                    #expect(throws: FileError.self) { try VectorFile.read(path) }
                })
        }
        #expect(best < .milliseconds(100), "\(best)")
    }
}
