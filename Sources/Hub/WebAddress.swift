// An http or https address, and where a redirect leads from it.

import FoundationEssentials

struct WebAddress: Sendable, Hashable {
    let text: String
    let isEncrypted: Bool
    let host: String
    let port: Int

    private static let bytesMax = 8_192

    /// Nil where `text` is no absolute http or https URL with a host, or carries a password.
    init?(_ text: String) {
        guard text.utf8.count <= Self.bytesMax, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            let url = URL(string: text), let scheme = url.scheme?.lowercased(),
            scheme == "http" || scheme == "https",
            let host = url.host(), !host.isEmpty, url.user() == nil
        else { return nil }
        self.text = text
        self.host = host.lowercased()
        isEncrypted = scheme == "https"
        port = url.port ?? (isEncrypted ? 443 : 80)
        guard (1...65_535).contains(port) else { return nil }
    }

    /// Where `Location: location` leads; nil where that is no place to go: not http or https, or
    /// from an encrypted address to one that is not.
    func redirected(to location: String) -> WebAddress? {
        guard location.utf8.count <= Self.bytesMax,
            let url = URL(string: location, relativeTo: URL(string: text)),
            let next = WebAddress(url.absoluteString), next.isEncrypted || !isEncrypted
        else { return nil }
        return next
    }

    /// Whether a secret for one may be told to the other.
    func hasOrigin(of other: WebAddress) -> Bool {
        host == other.host && port == other.port && isEncrypted == other.isEncrypted
    }

    /// What people are told.
    var place: String { port == (isEncrypted ? 443 : 80) ? host : "\(host):\(port)" }
}
