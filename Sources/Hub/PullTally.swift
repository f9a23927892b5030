// The running sums of a pull.

struct PullTally {
    let filesTotal: Int
    let bytesTotal: Int
    let bytesMissing: Int
    var filesDone = 0
    private(set) var bytesDone: Int
    private(set) var bytesFetched = 0

    private static let bytesMax = 1 << 44

    /// - Throws: `.malformed` where the sizes are absurd.
    init(_ files: [RemoteFile], isHere: (RemoteFile) -> Bool) throws(HubError) {
        filesTotal = files.count
        var total = 0
        var missing = 0
        var seen: Set<BlobHash> = []
        // Files of the same bytes are one blob.
        for file in files where seen.insert(file.hash).inserted {
            guard file.size <= Self.bytesMax - total else {
                throw .malformed("the size of \(file.path)", reason: "more than 16 TiB in all")
            }
            total += file.size
            if !isHere(file) { missing += file.size }
        }
        bytesTotal = total
        bytesMissing = missing
        bytesDone = total - missing
    }

    mutating func found(_ bytes: Int) { bytesDone += bytes }

    mutating func lost(_ bytes: Int) { bytesDone -= bytes }

    mutating func received(_ bytes: Int) {
        bytesDone += bytes
        bytesFetched += bytes
    }

    func progress(_ file: String) -> PullProgress {
        PullProgress(
            file: file, filesDone: filesDone, filesTotal: filesTotal, bytesDone: bytesDone,
            bytesTotal: bytesTotal, bytesFetched: bytesFetched)
    }
}
