// What a hub's headers tell about a file: its commit, its hash and its size.

import NIOHTTP1

struct FileFacts: Sendable {
    var commit: String?
    var hash: BlobHash?
    var size: Int?

    var isComplete: Bool { commit != nil && hash != nil && size != nil }

    /// Takes what one answer knows. `X-Linked-*` describe the file behind a redirect and go before
    /// what is said of the answer itself.
    mutating func merge(_ headers: HTTPHeaders, isFinal: Bool) {
        commit = commit ?? headers.first(name: "X-Repo-Commit")
        let tag = headers.first(name: "X-Linked-Etag") ?? headers.first(name: "ETag")
        hash = hash ?? tag.flatMap { BlobHash(tag: $0) }
        // The length of a redirect is that of its own body.
        let length =
            headers.first(name: "X-Linked-Size")
            ?? (isFinal ? headers.first(name: "Content-Length") : nil)
        size = size ?? length.flatMap { Int($0) }
    }
}
