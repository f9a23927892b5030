// Files that lie about themselves are found out from their first bytes.

import Files
import Glibc
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
        // Of this thread's processor time, because other tests want the cores, too.
        var best = 60.0
        for _ in 0..<5 {
            let began = Self.processorSeconds
            #expect(throws: FileError.self) { try VectorFile.read(path) }
            best = min(best, Self.processorSeconds - began)
        }
        #expect(best < 0.1, "\(best) s")
    }

    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
