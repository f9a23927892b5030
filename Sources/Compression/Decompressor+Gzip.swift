// Streams gzip members (RFC 1952) through zlib.

import CZlib
import Files

extension Decompressor {
    static func expandGzip(
        _ input: CompressedInput, into expansion: Expansion
    ) throws(FileError) {
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { output.deallocate() }
        var stream = z_stream()
        guard czlib_gunzip_init(&stream) == Z_OK else {
            throw .outOfMemory(doing: "expanding \(input.path)")
        }
        defer { inflateEnd(&stream) }
        var state = GzipState.atMemberStart
        while true {
            let piece = try input.next()
            guard let base = piece.baseAddress, !piece.isEmpty else { break }
            stream.next_in = UnsafeMutablePointer(
                mutating: base.assumingMemoryBound(to: UInt8.self))
            stream.avail_in = UInt32(piece.count)
            while stream.avail_in > 0 {
                let position = piece.count - Int(stream.avail_in)
                if state != .inMember, piece[position] == 0 {
                    // Archives padded to whole blocks end in zeros.
                    guard state != .atMemberStart else {
                        throw input.malformed("no gzip member", at: position)
                    }
                    state = .inPadding
                    stream.avail_in -= 1
                    stream.next_in += 1
                    continue
                }
                guard state != .inPadding else {
                    throw input.malformed("bytes after the last gzip member", at: position)
                }
                state = try inflateSome(&stream, output, input, piece.count, expansion)
            }
        }
        guard state == .betweenMembers || state == .inPadding else {
            throw input.malformed("the file ends inside a gzip member", at: 0)
        }
    }

    private enum GzipState {
        case atMemberStart, inMember, betweenMembers, inPadding
    }

    /// Inflates until the piece or the member ends.
    private static func inflateSome(
        _ stream: inout z_stream, _ output: UnsafeMutableRawBufferPointer,
        _ input: CompressedInput, _ pieceBytes: Int, _ expansion: Expansion
    ) throws(FileError) -> GzipState {
        while true {
            stream.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.avail_out = UInt32(output.count)
            let status = inflate(&stream, Z_NO_FLUSH)
            let written = output.count - Int(stream.avail_out)
            try expansion.write(UnsafeRawBufferPointer(rebasing: output[..<written]))
            switch status {
            case Z_STREAM_END:
                inflateReset(&stream)
                return .betweenMembers
            case Z_OK where stream.avail_out == 0: continue
            case Z_OK, Z_BUF_ERROR: return .inMember
            case Z_MEM_ERROR: throw .outOfMemory(doing: "expanding \(input.path)")
            default:
                let reason = stream.msg.map { String(cString: $0) } ?? "status \(status)"
                throw input.malformed(
                    "corrupt gzip data (\(reason))", at: pieceBytes - Int(stream.avail_in))
            }
        }
    }
}
