// Where one shard of a collection ends and the next begins.

import Documents

/// Shards hold whole documents: as many as were asked for, else as many as fit a gibibyte.
struct ShardPlan {
    struct Shard: Equatable {
        var documents = 0
        var rows = 0
    }

    private let documentsMax: Int
    private let bytesMax: Int
    private(set) var shards: [Shard] = []
    private var bytes = 0

    /// - Parameters:
    ///   - documentsMax: 0 for any number.
    ///   - bytesMax: of vectors, unless one document alone has more; only where the number of
    ///     documents is not given.
    init(documentsMax: Int, bytesMax: Int) {
        self.documentsMax = documentsMax
        self.bytesMax = bytesMax
    }

    mutating func add(_ documents: [EncodedDocuments.Document], rowBytes: Int) {
        for document in documents {
            let more = document.rows * rowBytes
            if shards.isEmpty || isFull(before: more) {
                shards.append(Shard())
                bytes = 0
            }
            shards[shards.count - 1].documents += 1
            shards[shards.count - 1].rows += document.rows
            bytes += more
        }
    }

    private func isFull(before more: Int) -> Bool {
        let documents = shards[shards.count - 1].documents
        return documentsMax > 0
            ? documents == documentsMax : bytes + more > bytesMax && documents > 0
    }
}
