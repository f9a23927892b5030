// Every maximum of the protocol in one place, so that each is named, related and testable.

public enum Limits {
    /// Version of the wire protocol; peers of another version are refused in HELLO.
    public static let protocolVersion = 1

    // Frames and messages
    public static let framesPerMessageMax = 4
    public static let headerBytesMax = 252 * 1024
    public static let chunkBytesMax = 1 << 20
    /// Control sockets carry headers only; 4 KiB are left for the security mechanism.
    public static let controlFrameBytesMax = 256 * 1024
    public static let bulkFrameBytesMax = chunkBytesMax + 4 * 1024
    public static let identifierBytesMax = 200
    public static let sentenceBytesMax = 2_000
    /// A listing has room for the beginning of each sentence; who asks for one job gets all of it.
    public static let sentenceListedBytesMax = 120
    /// Lines of one reply, so that it fits a header.
    public static let logLinesMax = 100
    public static let payloadBytesMax = 1 << 40
    /// Of pieces with checksums of their own, so that these are few beside the payload.
    public static let pieceBytesMin = 64
    /// Chunks one receiver may have in flight from one holder; far below the high-water mark of
    /// the sockets.
    public static let chunksInFlightMax = 8

    /// What one connection may send on the control plane: so many at once, so many a second.
    public static let controlMessagesBurst = 1_000
    public static let controlMessagesPerSecond = 200

    // The cluster
    public static let workersMax = 20_000
    /// Connections that the coordinator remembers the HELLO of; the others must say it again.
    public static let peersRememberedMax = 2 * workersMax
    /// A listing that is as long as may be still fits a header.
    public static let workersListedMax = 100
    public static let slotsPerWorkerMax = 1_024
    public static let jobsListedMax = 100
    public static let jobsQueuedMax = 10_000
    public static let unitsPerRoundMax = 1_000_000
    public static let payloadsPerUnitMax = 64
    public static let inputFilesMax = 1_000
    public static let pathBytesMax = 4_096

    // Word vectors
    public static let dimensionMax = 4_096
    public static let windowMax = 64
    public static let negativeMax = 63
    public static let epochsMax = 10_000
    /// Characters of an n-gram.
    public static let subwordLengthMax = 32
    public static let subwordBucketsMax = 100_000_000
    public static let partitionsMax = 4_096
    /// Blocks of words of a matrix of counts; the pairs of any two are a file.
    public static let blocksMax = 64
    public static let threadsMax = 1_024
    /// Each is compared with the whole vocabulary, and what is found is kept.
    public static let probesMax = 20
    public static let probeBytesMax = 200
    public static let decompositionRankMax = 1_024
    public static let phrasePassesMax = 16
    public static let delimiterBytesMax = 16

    // Documents and their models
    /// A unit names all of them, and has to fit a header however its paths are escaped.
    public static let modelFilesMax = 100
    public static let modelPathsBytesMax = 24 * 1024
    public static let textFieldsMax = 32
    public static let promptBytesMax = 4 * 1024
    public static let tokensPerDocumentMax = 1 << 20
    public static let embeddingDimensionMax = 1 << 16
    /// Units of a job that encodes; its chunks grow where there would be more.
    public static let encodingUnitsMax = 50_000

    // Indexes
    public static let tokenDimensionMax = 4_096
    /// Tokens that become one vector.
    public static let poolFactorMax = 1_000
    /// A token names its centroid in two bytes.
    public static let centroidsMax = 65_535
    /// Beside the text of a passage.
    public static let metadataFieldsMax = 64
    /// A name, the field of a document, and a type.
    public static let metadataFieldBytesMax = 450
    public static let filterBytesMax = 16 << 10
    /// Of a query that are ranked again.
    public static let candidatesMax = 1_000_000

    // Online
    /// All of them are named in a header.
    public static let indexShardsMax = 256
    /// Hits of an answer; with their ids they have to fit a body.
    public static let hitsMax = 10_000
    public static let searchMillisecondsMax = 600_000
    /// Questions that are under way at once.
    public static let searchesMax = 1_000
}
