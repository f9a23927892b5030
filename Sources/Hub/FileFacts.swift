// What a hub's headers tell about a file: its commit, its hash and its size.

struct FileFacts: Sendable {
    var commit: String?
    var hash: BlobHash?
    var size: Int?

    var isComplete: Bool { commit != nil && hash != nil && size != nil }

    /// Takes what one answer knows. `X-Linked-*` describe the file behind a redirect and go before
    /// what is said of the answer itself.
    mutating func merge(_ head: WebHead) {
        commit = commit ?? head["X-Repo-Commit"]
        let tag = head["X-Linked-Etag"] ?? head["ETag"]
        hash = hash ?? tag.flatMap { BlobHash(tag: $0) }
        // The length of a redirect is that of its own body.
        let length = head["X-Linked-Size"] ?? (head.redirect == nil ? head["Content-Length"] : nil)
        size = size ?? length.flatMap { Int($0) }
    }
}
