// Frames to messages and back, every bound checked: what comes in is hostile until it is decoded.

import FoundationEssentials

/// A decoded message: the header, and the raw little-endian bytes it announces.
public struct Message: Equatable, Sendable {
    public var header: Header
    /// Pairs a reply with its request; 0 where there is none.
    public var request: UInt64
    public var body: Frame?

    public init(_ header: Header, request: UInt64 = 0, body: Frame? = nil) {
        self.header = header
        self.request = request
        self.body = body
    }
}

/// Why bytes from the wire are not a message.
public enum CodecError: Error, Equatable, Sendable, CustomStringConvertible {
    case frameCount(Int)
    case headerTooLong(Int)
    case bodyTooLong(Int)
    case notAHeader(String)
    case outOfBounds(String)

    public var description: String {
        switch self {
        case .frameCount(let count):
            "a message has \(count) frames; 1 or 2 are allowed"
        case .headerTooLong(let count):
            "a header of \(count) bytes exceeds the limit of \(Limits.headerBytesMax)"
        case .bodyTooLong(let count):
            "a body of \(count) bytes exceeds the limit of \(Limits.chunkBytesMax)"
        case .notAHeader(let reason):
            "the first frame is not a header: \(reason)"
        case .outOfBounds(let what):
            "a header is out of bounds: \(what)"
        }
    }
}

public enum Codec {
    private struct Envelope: Codable {
        var request: UInt64?
        var header: Header

        private enum CodingKeys: String, CodingKey { case request }

        init(_ message: Message) {
            request = message.request == 0 ? nil : message.request
            header = message.header
        }

        init(from decoder: any Decoder) throws {
            request = try decoder.container(keyedBy: CodingKeys.self)
                .decodeIfPresent(UInt64.self, forKey: .request)
            header = try Header(from: decoder)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeIfPresent(request, forKey: .request)
            try header.encode(to: encoder)
        }
    }

    /// One header frame, and the body frame if there is one.
    ///
    /// - Throws: `CodecError.headerTooLong` if the header does not fit the control plane.
    public static func encode(_ message: Message) throws(CodecError) -> [Frame] {
        let data = try json(Envelope(message))
        guard data.count <= Limits.headerBytesMax else { throw .headerTooLong(data.count) }
        guard let body = message.body else { return [Frame(data)] }
        guard body.count <= Limits.chunkBytesMax else { throw .bodyTooLong(body.count) }
        return [Frame(data), body]
    }

    private static func json(_ value: some Encodable) throws(CodecError) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        do { return try encoder.encode(value) } catch { throw .notAHeader("\(error)") }
    }

    /// An index as it stands in a header.
    static func text(of index: IndexShards) throws(CodecError) -> [UInt8] {
        [UInt8](try json(index))
    }

    public static func decode(_ frames: [Frame]) throws(CodecError) -> Message {
        let message = try decodeUnchecked(frames)
        try check(message)
        return message
    }

    static func check(_ message: Message) throws(CodecError) {
        if let complaint = message.header.complaint(bodyBytes: message.body?.count) {
            throw .outOfBounds(complaint)
        }
    }

    /// Frames within their limits; fields are of their types, and not checked yet.
    static func decodeUnchecked(_ frames: [Frame]) throws(CodecError) -> Message {
        guard (1...2).contains(frames.count) else { throw .frameCount(frames.count) }
        guard frames[0].count <= Limits.headerBytesMax else {
            throw .headerTooLong(frames[0].count)
        }
        let body = frames.count == 2 ? frames[1] : nil
        if let body, body.count > Limits.chunkBytesMax { throw .bodyTooLong(body.count) }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let envelope: Envelope
        do { envelope = try decoder.decode(Envelope.self, from: Data(frames[0].bytes)) } catch {
            throw .notAHeader(shortened("\(error)"))
        }
        return Message(envelope.header, request: envelope.request ?? 0, body: body)
    }

    /// The request of a message that cannot be decoded, so that its sender learns which one it was;
    /// 0 where there is none.
    public static func request(of frames: [Frame]) -> UInt64 {
        struct Numbered: Decodable { let request: UInt64? }
        guard let header = frames.first, header.count <= Limits.headerBytesMax else { return 0 }
        let numbered = try? JSONDecoder().decode(Numbered.self, from: Data(header.bytes))
        return numbered?.request ?? 0
    }

    private static func shortened(_ text: String) -> String {
        text.utf8.count <= 300 ? text : String(text.prefix(300)) + "…"
    }
}
