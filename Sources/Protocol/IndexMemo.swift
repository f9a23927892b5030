// Messages about an index that was spoken of before: its files are not spelled anew.

/// The list of an index's files is most of a question's header, and the same in every question.
/// What was decoded or encoded once is known again, so that a question costs the same however
/// many files the index has.
///
/// What comes out is always what `Codec` says. For one thread.
public struct IndexMemo {
    private struct Entry {
        let index: IndexShards
        /// As somebody wrote it, and as we write it.
        var read: [UInt8]?
        var written: [UInt8]?
    }

    /// Used last at the end.
    private var known: [Entry] = []
    private static let knownMax = 8
    private static let key = "index"
    private static let placeholder = IndexShards(path: "/", common: [], shards: [])
    private static let placeholderText = Array(#"{"common":[],"path":"/","shards":[]}"#.utf8)

    public init() {}

    /// - Throws: as `Codec.decode`.
    public mutating func decode(_ frames: [Frame]) throws(CodecError) -> Message {
        guard let header = frames.first, header.count <= Limits.headerBytesMax,
            let place = header.withUnsafeBytes({ ObjectScan.value(of: Self.key, in: $0) })
        else { return try Codec.decode(frames) }
        let text = header.slice(place)
        guard let index = index(of: text) else {
            let message = try Codec.decode(frames)
            if let index = message.header.index { note(index) { $0.read = text.bytes } }
            return message
        }
        let short = Self.splice(header, place, Self.placeholderText)
        var message = try Codec.decodeUnchecked([Frame(short)] + frames.dropFirst())
        message.header.index = index
        try Codec.check(message)
        return message
    }

    /// - Throws: as `Codec.encode`.
    public mutating func encode(_ message: Message) throws(CodecError) -> [Frame] {
        guard let index = message.header.index else { return try Codec.encode(message) }
        var short = message
        short.header.index = Self.placeholder
        let frames = try Codec.encode(short)
        let header = frames[0]
        guard let place = header.withUnsafeBytes({ ObjectScan.value(of: Self.key, in: $0) })
        else { return try Codec.encode(message) }
        let long = Self.splice(header, place, try text(of: index))
        guard long.count <= Limits.headerBytesMax else { throw .headerTooLong(long.count) }
        return [Frame(long)] + frames.dropFirst()
    }

    private static func splice(_ header: Frame, _ place: Range<Int>, _ text: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(header.count - place.count + text.count)
        header.withUnsafeBytes { header in
            bytes += header[..<place.lowerBound]
            bytes += text
            bytes += header[place.upperBound...]
        }
        return bytes
    }

    private func index(of text: Frame) -> IndexShards? {
        text.withUnsafeBytes { text in
            known.last { $0.read.map { text.elementsEqual($0) } ?? false }?.index
        }
    }

    private mutating func text(of index: IndexShards) throws(CodecError) -> [UInt8] {
        if let text = known.last(where: { $0.index == index })?.written { return text }
        let text = try Codec.text(of: index)
        note(index) { $0.written = text }
        return text
    }

    private mutating func note(_ index: IndexShards, _ change: (inout Entry) -> Void) {
        var entry = Entry(index: index)
        if let place = known.firstIndex(where: { $0.index == index }) {
            entry = known.remove(at: place)
        } else if known.count >= Self.knownMax {
            known.removeFirst()
        }
        change(&entry)
        known.append(entry)
    }
}

extension Header {
    /// The index that a question is about.
    fileprivate(set) var index: IndexShards? {
        get {
            switch self {
            case .search(let search): search.index
            case .score(let score): score.index
            default: nil
            }
        }
        set {
            guard let newValue else { return }
            switch self {
            case .search(var search):
                search.index = newValue
                self = .search(search)
            case .score(var score):
                score.index = newValue
                self = .score(score)
            default: break
            }
        }
    }
}
