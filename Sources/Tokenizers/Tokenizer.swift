// A tokenizer.json, ready to turn texts into ids.

import Glibc
import Synchronization

/// A Hugging Face `tokenizer.json`: ids equal those of the `tokenizers` library (0.23).
///
/// Immutable; any number of threads may use one, each with a `Scratch` of its own. Truncation and
/// padding that the file asks for are ignored: the caller says how long a text may become.
public final class Tokenizer: Sendable {
    /// No published file has a tenth of it.
    static let fileBytesMax = 1 << 29

    let parts: Parts
    private let addedByID: [Int32: String]
    private let idMax: Int32
    /// Whether a pre-tokenizer asks if a word is the first of the text.
    let needsStart: Bool
    /// Differs from that of every other tokenizer of the process.
    let identity: UInt64

    private static let identities = Atomic<UInt64>(1)

    /// Reads the `tokenizer.json` at `path`.
    ///
    /// - settings: what goes before the file.
    public convenience init(
        path: String, settings: TokenizerSettings = TokenizerSettings()
    ) throws(TokenizerError) {
        let bytes = try Self.contents(path)
        defer { withExtendedLifetime(bytes) {} }
        let raw = UnsafeRawBufferPointer(start: UnsafeRawPointer(bytes.start), count: bytes.count)
        self.init(try Parts(raw, name: path, settings: settings))
    }

    /// Reads a `tokenizer.json` in memory; `name` is what messages call it.
    public convenience init(
        json: UnsafeRawBufferPointer, name: String,
        settings: TokenizerSettings = TokenizerSettings()
    ) throws(TokenizerError) {
        self.init(try Parts(json, name: name, settings: settings))
    }

    private init(_ parts: consuming Parts) {
        addedByID = Dictionary(
            parts.addedByName.map { ($0.value, String(decoding: $0.key, as: UTF8.self)) },
            uniquingKeysWith: { first, _ in first })
        idMax = parts.idMax
        identity = Self.identities.add(1, ordering: .relaxed).newValue
        needsStart = parts.preTokenizers.contains { step in
            if case .metaspace(let metaspace) = step { metaspace.prepend == .first } else { false }
        }
        self.parts = parts
    }

    /// The highest id and one, added tokens and those around texts included.
    public var vocabularyCount: Int { Int(idMax) + 1 }

    /// The id of a token as the vocabulary spells it, nil if there is none.
    public func id(of token: String) -> Int32? { parts.id(of: token) }

    /// The token of an id as the vocabulary spells it, nil if there is none.
    public func token(of id: Int32) -> String? { addedByID[id] ?? parts.model.token(id) }

    /// How many ids a text alone gets besides its own.
    public var specialTokensCount: Int { parts.postProcessor.singleSpecials }

    /// How many ids a pair of texts gets besides their own.
    public var pairSpecialTokensCount: Int { parts.postProcessor.pairSpecials }

    /// The highest type of a pair's tokens.
    public var pairTypeMax: Int { PostProcessor.typeMax(parts.postProcessor.pair) }

    /// The highest type of the tokens of a text alone.
    public var singleTypeMax: Int { PostProcessor.typeMax(parts.postProcessor.single) }

    /// How many of the ids that a text alone gets stand in front of it, and how many behind it.
    public var specialTokensAround: (before: Int, after: Int) {
        let before = parts.postProcessor.specialsBefore
        return (before, parts.postProcessor.singleSpecials - before)
    }

    private static func contents(_ path: String) throws(TokenizerError) -> Growing<UInt8> {
        func failure(_ reason: String) -> TokenizerError { .unreadable(name: path, reason: reason) }
        // A pipe of that name that nobody writes to must not keep us.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw failure(String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw failure("it is no regular file") }
        guard status.st_size <= fileBytesMax else {
            throw failure("it has \(status.st_size) bytes, the limit is \(fileBytesMax)")
        }
        let size = Int(status.st_size)
        var bytes = Growing<UInt8>(capacity: size)
        while bytes.count < size {
            let got = read(descriptor, bytes.start + bytes.count, size - bytes.count)
            if got < 0, errno == EINTR { continue }
            guard got > 0 else {
                throw failure("it ends after \(bytes.count) of \(size) bytes")
            }
            bytes.count += got
        }
        return bytes
    }
}
