// What libFuzzer calls: one program for all targets, which SOUNDER_FUZZ_TARGET chooses among.

import FuzzTargets
import Glibc

private let target: FuzzTarget = {
    let name = getenv("SOUNDER_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: " ")
        let sentence =
            "SOUNDER_FUZZ_TARGET is \(name.debugDescription); the targets are: \(names)\n"
        write(2, sentence, sentence.utf8.count)
        exit(64)
    }
    atexit { FuzzTarget.removeFiles() }
    return target
}()

/// libFuzzer wants 0; an input that is refused is as welcome in the corpus as another.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    _ = target.accepts(UnsafeRawBufferPointer(start: bytes, count: count))
    return 0
}
