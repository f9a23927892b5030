// XXH3-64 (xxhash.com, version 0.8): tells damaged bytes from good ones, but not forged ones.

import CXXHash
public import Protocol

public enum Checksum {
    /// Never 0: that value means in a `PayloadReference` that nobody vouches for the bytes.
    public static func of(_ frame: Frame) -> UInt64 {
        frame.withUnsafeBytes { of($0) }
    }

    public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        vouched(cxxhash_xxh3_64(bytes.baseAddress, bytes.count))
    }

    fileprivate static func vouched(_ digest: UInt64) -> UInt64 { digest == 0 ? 1 : digest }
}

/// The same checksum of bytes that come in pieces, in order.
struct StreamingChecksum: ~Copyable {
    private let state: UnsafeMutableRawPointer

    init() {
        guard let state = cxxhash_open() else { preconditionFailure("no memory for a checksum") }
        self.state = state
    }

    deinit { cxxhash_close(state) }

    func add(_ bytes: UnsafeRawBufferPointer) {
        cxxhash_update(state, bytes.baseAddress, bytes.count)
    }

    func restart() { cxxhash_reset(state) }

    var value: UInt64 { Checksum.vouched(cxxhash_digest(state)) }
}
