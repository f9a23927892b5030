// Streams zstd frames (RFC 8878) through libzstd.

import CZstd
import Files

extension Decompressor {
    /// Frames that need a larger window than 2^27 bytes are refused: they need that much memory.
    private static let windowLogMax: Int32 = 27

    static func expandZstd(
        _ input: CompressedInput, into expansion: Expansion
    ) throws(FileError) {
        guard let context = ZSTD_createDCtx() else {
            throw .outOfMemory(doing: "expanding \(input.path)")
        }
        defer { ZSTD_freeDCtx(context) }
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, windowLogMax)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { output.deallocate() }
        // 0: between frames; otherwise libzstd waits for more.
        var awaited = 0
        while true {
            let piece = try input.next()
            if piece.isEmpty { break }
            var source = ZSTD_inBuffer(src: piece.baseAddress, size: piece.count, pos: 0)
            var isOutputFull = false
            while source.pos < source.size || isOutputFull {
                var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
                awaited = ZSTD_decompressStream(context, &target, &source)
                guard ZSTD_isError(awaited) == 0 else {
                    throw failure(awaited, input, at: source.pos)
                }
                try expansion.write(UnsafeRawBufferPointer(rebasing: output[..<target.pos]))
                // At the end of a frame nothing is kept back, even when the output is just full.
                isOutputFull = target.pos == target.size && awaited != 0
            }
        }
        guard awaited == 0 else {
            throw input.malformed("the file ends inside a zstd frame", at: 0)
        }
    }

    private static func failure(
        _ code: Int, _ input: CompressedInput, at position: Int
    ) -> FileError {
        switch ZSTD_getErrorCode(code) {
        case ZSTD_error_memory_allocation: .outOfMemory(doing: "expanding \(input.path)")
        case ZSTD_error_frameParameter_windowTooLarge:
            input.malformed(
                "a zstd window above 2^\(windowLogMax) bytes; compress it with --long=27 at most",
                at: position)
        default:
            input.malformed(
                "corrupt zstd data (\(String(cString: ZSTD_getErrorName(code))))", at: position)
        }
    }
}
