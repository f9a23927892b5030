// The checksums of rows, and the chain that ties each row of entries to those before it.

import CXXHash

/// XXH3-64 (xxhash.com): SQLite has no checksums of its own, and a disk may return what was never
/// written. Tells damage, not forgery: whoever may write the file may also write these.
enum Seal {
    static func of(_ bytes: UnsafeRawBufferPointer) -> Int64 {
        Int64(bitPattern: cxxhash_xxh3_64(bytes.baseAddress, bytes.count))
    }

    static func of(_ fields: [String?]) -> Int64 {
        var writer = EntryWriter()
        for field in fields {
            writer.number(field == nil ? 0 : 1)
            writer.text(field ?? "")
        }
        return writer.bytes.withUnsafeBytes { of($0) }
    }

    /// The next link: of a row's checksum, after the link before.
    static func link(_ checksum: Int64, after chain: Int64) -> Int64 {
        withUnsafeBytes(of: checksum.littleEndian) { bytes in
            Int64(
                bitPattern: cxxhash_xxh3_64_seeded(
                    bytes.baseAddress, bytes.count, UInt64(bitPattern: chain)))
        }
    }
}
