// Paths of files in a repository, as a hub names them: hostile until checked.

enum RepositoryPath {
    static let bytesMax = 512
    static let depthMax = 8

    /// Why `path` must not be used below a directory of ours; nil if it may.
    static func complaint(about path: String) -> String? {
        guard !path.isEmpty, path.utf8.count <= bytesMax else {
            return "it is empty or longer than \(bytesMax) bytes"
        }
        if path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0x5C }) {
            return "it holds a control character or a backslash"
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count > depthMax { return "it is deeper than \(depthMax) directories" }
        let isStrange = parts.contains { $0.isEmpty || $0 == "." || $0 == ".." }
        if isStrange { return "it is not a plain relative path" }
        return parts.contains { $0.utf8.count > 255 } ? "a part is longer than 255 bytes" : nil
    }

    /// `path` as it stands in a URL; slashes stay where `keepsSlashes`.
    static func percentEncoded(_ path: String, keepsSlashes: Bool = true) -> String {
        var text: [UInt8] = []
        for byte in path.utf8 {
            let isPlain = byte.isASCIIWord || [0x2D, 0x2E, 0x7E].contains(byte)
            if isPlain || (byte == 0x2F && keepsSlashes) {
                text.append(byte)
            } else {
                text += [0x25, digit(byte >> 4), digit(byte & 15)]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }
}
