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

    /// As a reference says what its payload must have: see `PayloadReference.pieceBytes`.
    public static func of(_ frame: Frame, inPiecesOf pieceBytes: Int?) -> UInt64 {
        frame.withUnsafeBytes { bytes in
            guard let pieceBytes, pieceBytes > 0 else { return of(bytes) }
            return PieceChecksums(of: bytes, pieceBytes: pieceBytes).value
        }
    }

    fileprivate static func vouched(_ digest: UInt64) -> UInt64 { digest == 0 ? 1 : digest }
}

/// The checksum of a payload that changes in places: pieces that did not change are not read again.
public struct PieceChecksums: Sendable {
    public let pieceBytes: Int
    private var checksums: [UInt64]

    public init(of bytes: UnsafeRawBufferPointer, pieceBytes: Int) {
        precondition(pieceBytes > 0, "pieces of \(pieceBytes) bytes")
        self.pieceBytes = pieceBytes
        checksums = stride(from: 0, to: bytes.count, by: pieceBytes).map { start in
            let end = min(start + pieceBytes, bytes.count)
            return Checksum.of(UnsafeRawBufferPointer(rebasing: bytes[start..<end])).littleEndian
        }
    }

    /// Piece `index` has become `bytes`.
    public mutating func update(_ index: Int, to bytes: UnsafeRawBufferPointer) {
        checksums[index] = Checksum.of(bytes).littleEndian
    }

    /// Of the whole.
    public var value: UInt64 { checksums.withUnsafeBytes { Checksum.of($0) } }
}

/// The same checksums of bytes that come in parts of any size, in order.
struct StreamingChecksum: ~Copyable {
    private let state: UnsafeMutableRawPointer
    /// With pieces: bytes of one, those that the current one still lacks, and what is complete.
    private let pieceBytes: Int?
    private var lacking: Int
    private var complete: [UInt64] = []

    /// - Parameter pieceBytes: positive, if any.
    init(pieceBytes: Int? = nil) {
        guard let state = cxxhash_open() else { preconditionFailure("no memory for a checksum") }
        self.state = state
        self.pieceBytes = pieceBytes
        lacking = pieceBytes ?? 0
    }

    deinit { cxxhash_close(state) }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        guard let pieceBytes else { return cxxhash_update(state, bytes.baseAddress, bytes.count) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(lacking))
            cxxhash_update(state, part.baseAddress, part.count)
            rest = rest.dropFirst(part.count)
            lacking -= part.count
            if lacking == 0 { endPiece(of: pieceBytes) }
        }
    }

    private mutating func endPiece(of pieceBytes: Int) {
        complete.append(current.littleEndian)
        cxxhash_reset(state)
        lacking = pieceBytes
    }

    mutating func restart() {
        cxxhash_reset(state)
        lacking = pieceBytes ?? 0
        complete = []
    }

    private var current: UInt64 { Checksum.vouched(cxxhash_digest(state)) }

    /// Of all that was added.
    var value: UInt64 {
        guard let pieceBytes else { return current }
        let all = lacking < pieceBytes ? complete + [current.littleEndian] : complete
        return all.withUnsafeBytes { Checksum.of($0) }
    }
}
