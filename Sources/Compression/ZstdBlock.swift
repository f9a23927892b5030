// Small pieces of memory as single zstd frames.

import CZstd

/// One-shot compression (RFC 8878) for blocks whose size the caller knows and bounds.
public enum ZstdBlock {
    /// nil when the system refuses memory.
    public static func compress(_ bytes: [UInt8], level: Int32 = 3) -> [UInt8]? {
        let bound = ZSTD_compressBound(bytes.count)
        guard ZSTD_isError(bound) == 0 else { return nil }
        var failed = false
        let frame = [UInt8](unsafeUninitializedCapacity: bound) { target, count in
            let written = bytes.withUnsafeBytes {
                ZSTD_compress(target.baseAddress, bound, $0.baseAddress, $0.count, level)
            }
            failed = ZSTD_isError(written) != 0
            count = failed ? 0 : written
        }
        return failed ? nil : frame
    }

    /// The `count` bytes of a frame; nil when it is corrupt or holds another number of bytes.
    /// Memory for `count` is taken before anything is known of the frame.
    public static func expand(_ frame: UnsafeRawBufferPointer, count: Int) -> [UInt8]? {
        var isWhole = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, filled in
            let written = ZSTD_decompress(
                target.baseAddress, count, frame.baseAddress, frame.count)
            isWhole = ZSTD_isError(written) == 0 && written == count
            filled = isWhole ? count : 0
        }
        return isWhole ? bytes : nil
    }
}
