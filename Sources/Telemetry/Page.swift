// Requests and replies of the status pages, as bytes: the part of HTTP/1.1 that a scrape needs.

/// What a request gets.
public struct Page: Sendable, Equatable {
    public var status: Int
    public var type: String
    public var body: String

    public init(status: Int = 200, type: String = "text/plain; charset=utf-8", _ body: String) {
        self.status = status
        self.type = type
        self.body = body
    }

    static let reasons = [
        200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed",
        431: "Request Header Fields Too Large", 503: "Service Unavailable",
        505: "HTTP Version Not Supported",
    ]

    /// The connection is closed after it, so that nothing that follows a request has a meaning.
    var bytes: [UInt8] {
        var head = "HTTP/1.1 \(status) \(Self.reasons[status] ?? "Other")\r\n"
        head += "Content-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n"
        head += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        if status == 405 { head += "Allow: GET\r\n" }
        return Array((head + "Connection: close\r\n\r\n" + body).utf8)
    }
}

/// The first line of a request; the header fields are read and not used.
package enum RequestHead: Equatable {
    static let bytesMax = 8 * 1_024

    case incomplete
    case get(path: String)
    case refused(Page)

    /// - Parameter bytes: everything that has come on the connection.
    package init(_ bytes: [UInt8]) {
        // Another protocol (TLS, say) is known by its first byte and need not be waited for.
        if let first = bytes.first, !(65...90).contains(first) {
            self = .refused(Page(status: 400, "this is HTTP, and the request is not\n"))
            return
        }
        guard let end = Self.end(of: bytes), end <= Self.bytesMax else {
            self =
                bytes.count < Self.bytesMax
                ? .incomplete
                : .refused(Page(status: 431, "a request has \(Self.bytesMax) bytes at most\n"))
            return
        }
        self = Self.parse(bytes.prefix { $0 != 13 && $0 != 10 })
    }

    private static func parse(_ line: ArraySlice<UInt8>) -> RequestHead {
        let parts = line.split(separator: 32, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].first == UInt8(ascii: "/"),
            line.allSatisfy({ (32...126).contains($0) })
        else { return .refused(Page(status: 400, "a request begins with GET /path HTTP/1.1\n")) }
        guard parts[2].elementsEqual("HTTP/1.1".utf8) || parts[2].elementsEqual("HTTP/1.0".utf8)
        else { return .refused(Page(status: 505, "this is HTTP/1.1\n")) }
        guard parts[0].elementsEqual("GET".utf8) else {
            return .refused(Page(status: 405, "there is nothing here but to GET\n"))
        }
        let path = parts[1].prefix { $0 != UInt8(ascii: "?") }
        return .get(path: String(decoding: path, as: UTF8.self))
    }

    /// Bytes up to the end of the empty line; nil if it has not come.
    private static func end(of bytes: [UInt8]) -> Int? {
        var newlines = 0
        for (index, byte) in bytes.enumerated() where byte != 13 {
            newlines = byte == 10 ? newlines + 1 : 0
            if newlines == 2 { return index + 1 }
        }
        return nil
    }
}
