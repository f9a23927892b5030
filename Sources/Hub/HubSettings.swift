// Where the hub and its cache are: the environment variables that huggingface_hub obeys.

import Files
import Glibc

/// Settings as HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, XDG_CACHE_HOME, HF_TOKEN and HF_HUB_OFFLINE
/// (and, for the token, the file `token` in HF_HOME) make them.
public struct HubSettings: Sendable {
    /// The hub, without a slash at its end.
    public var endpoint: String
    public var cache: HubCache
    public var token: String?
    public var isOffline: Bool

    public init(endpoint: String, cache: HubCache, token: String? = nil, isOffline: Bool = false) {
        self.endpoint = endpoint
        self.cache = cache
        self.token = token
        self.isOffline = isOffline
    }

    /// - cache: a directory that goes before those of the environment.
    public init(
        cache: String? = nil, environment: (String) -> String? = HubSettings.variable
    ) throws(HubError) {
        let endpoint = environment("HF_ENDPOINT") ?? "https://huggingface.co"
        self.endpoint = String(endpoint.reversed().drop { $0 == "/" }.reversed())
        self.cache = try HubCache(directory: cache, environment: environment)
        let offline = environment("HF_HUB_OFFLINE")?.uppercased() ?? ""
        isOffline = ["1", "ON", "YES", "TRUE"].contains(offline)
        token = try Self.token(environment)
        guard WebAddress(self.endpoint) != nil else {
            throw .badSetting("HF_ENDPOINT", reason: "is not an http or https address")
        }
    }

    /// A variable of this process; one that is empty counts as one that is not there.
    public static func variable(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    private static func token(_ environment: (String) -> String?) throws(HubError) -> String? {
        var name = "HF_TOKEN"
        var text = environment(name)
        if text == nil, let home = try? HubCache.home(environment) {
            name = "\(home)/token"
            text = SmallFile.text(at: name, bytesMax: 4_096)
        }
        let token = text?.trimmed ?? ""
        guard !token.isEmpty else { return nil }
        // It becomes a header: nothing in it may end a line.
        guard token.utf8.count <= 4_096, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .badSetting(name, reason: "holds no token: 1 to 4096 characters without spaces")
        }
        return token
    }
}

/// Files of a few bytes: refs and tokens.
enum SmallFile {
    /// What stands in the file; nil if it is missing, too long or not UTF-8.
    static func text(at path: String, bytesMax: Int) -> String? {
        guard let file = try? FileDescriptor(reading: path) else { return nil }
        var bytes = [UInt8](repeating: 0, count: bytesMax + 1)
        let count = retryingInterrupts { read(file.number, &bytes, bytes.count) }
        guard count >= 0, count <= bytesMax else { return nil }
        return String(validating: bytes[..<count], as: UTF8.self)
    }
}

extension String {
    /// Without white space at its ends.
    var trimmed: String {
        let tail = drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace)
        return String(tail.reversed())
    }
}
