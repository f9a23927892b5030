// Where everything of a table of fields lies; writer and reader both ask here.

/// The table stands in the section `metadata` of a segment. All of it is little-endian, and every
/// part begins at a multiple of 8 bytes from its start. 48 bytes, 64 for each field, the names:
///
/// | at | bytes | what |
/// |---|---|---|
/// | 0 | 8 | `SNDRMETA` |
/// | 8 | 4 + 4 | version, fields |
/// | 16 | 8 + 8 | passages, bytes of the table |
/// | 32 | 8 + 8 | FNV-1a of the head with zeros here, bytes of the head |
///
/// Of each field:
///
/// | at | bytes | what |
/// |---|---|---|
/// | 0 | 4 + 4 | type, bytes of the name |
/// | 8 | 8 | where the name begins |
/// | 16 | 8 + 8 | where the column begins, its bytes |
/// | 32 | 8 | FNV-1a of the column by words of 64 bits |
/// | 40 | 8 + 8 + 8 | passages with a value, strings of the dictionary, numbers of strings |
enum MetadataLayout {
    static let magic = Array("SNDRMETA".utf8)
    static let version: UInt32 = 1
    static let headerBytes = 48
    static let fieldBytes = 64
    static let fieldsMax = 64
    static let nameBytesMax = 200
    static let checksumOffset = 32
    /// By the number that stands for them.
    static let types: [FieldType] = [.none, .string, .strings, .integer, .number, .boolean]

    static func aligned(_ count: Int) -> Int { (count + 7) & ~7 }

    static func words(_ passages: Int) -> Int { (passages + 63) / 64 }

    /// Bytes of the number of a string, by the strings of the dictionary.
    static func width(strings: Int) -> Int { strings <= 1 << 8 ? 1 : strings <= 1 << 16 ? 2 : 4 }

    /// FNV-1a, 64 bits at a time, of whole words.
    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for offset in stride(from: 0, to: bytes.count & ~7, by: 8) {
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            hash = (hash ^ UInt64(littleEndian: word)) &* 0x100_0000_01B3
        }
        return hash
    }
}

/// The parts of a column in their order, by offset from its start.
struct ColumnLayout {
    /// A bit for each passage, 1 where it has a value: u64 words.
    let presence = 0
    /// Where each string of the dictionary begins, and the last ends: u64, `[strings + 1]`. Then,
    /// of type strings, where the strings of each passage begin: u32, `[passages + 1]`.
    let dictionary: Int
    let starts: Int
    /// i64, f64, a bit for each passage, or numbers of strings.
    let values: Int
    /// Of the dictionary, in the order of their bytes: to the end of the column.
    let text: Int

    init(_ type: FieldType, passages: Int, strings: Int, values count: Int) {
        let words = 8 * MetadataLayout.words(passages)
        dictionary = words
        let hasStrings = type == .string || type == .strings
        starts = dictionary + (hasStrings ? 8 * (strings + 1) : 0)
        values = starts + (type == .strings ? MetadataLayout.aligned(4 * (passages + 1)) : 0)
        let width = MetadataLayout.width(strings: strings)
        let bytes =
            switch type {
            case .none: 0
            case .integer, .number: 8 * passages
            case .boolean: words
            case .string: width * passages
            case .strings: width * count
            }
        text = values + MetadataLayout.aligned(bytes)
    }
}
