// An http or https address, and where a redirect leads from it.

import CCurl

/// Read by libcurl, so that who is told a secret is who is connected to.
struct WebAddress: Sendable, Hashable {
    let text: String
    let isEncrypted: Bool
    let host: String
    let port: Int

    private static let bytesMax = 8_192

    /// Nil where `text` is no absolute http or https URL with a host, or carries a password.
    init?(_ text: String) { self.init([text]) }

    /// Where `Location: location` leads; nil where that is no place to go: not http or https, or
    /// from an encrypted address to one that is not.
    func redirected(to location: String) -> WebAddress? {
        guard let next = WebAddress([text, location]), next.isEncrypted || !isEncrypted else {
            return nil
        }
        return next
    }

    /// - steps: an address, and what leads on from it.
    private init?(_ steps: [String]) {
        guard let url = curl_url() else { return nil }
        defer { curl_url_cleanup(url) }
        for step in steps {
            guard step.utf8.count <= Self.bytesMax,
                step.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
                curl_url_set(url, CURLUPART_URL, step, UInt32(CURLU_DISALLOW_USER)) == CURLUE_OK
            else { return nil }
        }
        guard let scheme = Self.part(CURLUPART_SCHEME, of: url),
            scheme == "http" || scheme == "https",
            let host = Self.part(CURLUPART_HOST, of: url), !host.isEmpty,
            let port = Self.part(CURLUPART_PORT, of: url).flatMap({ Int($0) }),
            (1...65_535).contains(port), let text = Self.part(CURLUPART_URL, of: url)
        else { return nil }
        self.text = text
        self.host = host.lowercased()
        self.port = port
        isEncrypted = scheme == "https"
    }

    private static func part(_ part: CURLUPart, of url: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        let flags = part == CURLUPART_PORT ? UInt32(CURLU_DEFAULT_PORT) : 0
        guard curl_url_get(url, part, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }

    /// Whether a secret for one may be told to the other.
    func hasOrigin(of other: WebAddress) -> Bool {
        host == other.host && port == other.port && isEncrypted == other.isEncrypted
    }

    /// What people are told.
    var place: String { port == (isEncrypted ? 443 : 80) ? host : "\(host):\(port)" }
}
