// One thread's share of encoding: tokens of a few inputs, their hidden states, their rows.

/// Rows that one thread made, and which input each run of them is of.
struct EncodedPart: Sendable {
    var vectors: [Float] = []
    /// A row of each of `texts` of an encoding that makes second rows.
    var second: [Float] = []
    var texts: [(index: Int, rows: Int, tokens: Int)] = []
}

/// Used by one thread.
final class EncodingThread<Encoding: BatchEncoding> {
    private let encoding: Encoding
    private let workspace = Workspace()
    private var buffers = TextBuffers()
    private var batch = TokenBatch()
    /// Of the batch: which inputs its documents are, and how long those were before the cut.
    private var inputs: [(index: Int, tokens: Int)] = []
    private var counts: [Int] = []

    init(_ encoding: Encoding) { self.encoding = encoding }

    var isEmpty: Bool { batch.documents.isEmpty }
    var documentCount: Int { batch.documents.count }

    /// Takes inputs until the batch is full or there are no more.
    /// - Returns: tokens of the batch.
    func fill(upTo tokens: Int, _ next: () -> (index: Int, input: Encoding.Input)?) -> Int {
        batch.removeAll()
        inputs.removeAll(keepingCapacity: true)
        while batch.ids.count < tokens, let (index, input) = next() {
            inputs.append((index, encoding.add(input, to: &batch, &buffers)))
        }
        return batch.ids.count
    }

    /// Computes the batch and appends its rows.
    func run(into part: inout EncodedPart) throws(ModelError) {
        counts.removeAll(keepingCapacity: true)
        let rows = try encoding.rows(
            of: batch, workspace, counts: &counts, second: &part.second)
        var total = 0
        for (input, count) in zip(inputs, counts) {
            part.texts.append((input.index, count, input.tokens))
            total += count
        }
        part.vectors.append(
            contentsOf: UnsafeBufferPointer(start: rows, count: total * encoding.dimension))
    }
}
