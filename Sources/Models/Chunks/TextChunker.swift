// Cuts documents into passages by a plan.

/// Nothing of a document is left out, and no passage is longer than the plan says, measured by
/// tokenizing it as an encoder would. Used by one thread; keep it from one document to the next.
public final class TextChunker {
    public let plan: ChunkPlan
    /// For the cosines of sentences.
    private let model: EmbeddingModel?
    private let progress: EncodingProgress
    private var cutter: PassageCutter
    private let finest: [TextPlaces] = [.words, .characters, .scalars]

    /// - Parameters:
    ///   - measure: of the model that will encode the passages.
    ///   - model: gives vectors of sentences; only for the semantic strategy, which needs it.
    ///   - progress: by which others may stop it.
    /// - Throws: `.setting` if the plan asks for what no document can be given.
    public init(
        _ plan: ChunkPlan, _ measure: TokenMeasure, model: EmbeddingModel? = nil,
        progress: EncodingProgress = EncodingProgress()
    ) throws(ChunkError) {
        self.plan = plan
        self.model = model
        self.progress = progress
        cutter = PassageCutter(measure)
        try plan.check(measure, around: cutter.around)
        if case .semantic = plan.strategy, model?.options.isTokenLevel ?? true {
            throw .setting("semantic chunks need a model that makes one vector of a text")
        }
    }

    /// The passages of a document.
    ///
    /// - text: UTF-8.
    /// - Throws: `.unsplittable`, `.model`, with `.cancelled` in it if it was stopped.
    public func chunks(of text: UnsafeRawBufferPointer) throws(ChunkError) -> ChunkedText {
        let text = PassageText(bytes: text)
        var result = ChunkedText()
        switch plan.strategy {
        case .fixed(let overlap):
            result.chunks = try overlapping(text, []) {
                self.cutter.tail(text, $0, tokens: overlap)
            }
        case .sentences(let overlap):
            let ends = SentenceSplitter.ends(in: text)
            result.chunks = try overlapping(text, [.list(ends)]) { passage in
                Self.tail(of: passage, ends, sentences: overlap)
            }
        case .paragraphs:
            let places = paragraphs(text)
            result.chunks = try pack(text, [text.count], places, tokens: plan.tokens)
        case .semantic(let threshold):
            let ends = SentenceSplitter.ends(in: text)
            let breaks = try breaks(text, ends, threshold)
            result.chunks = try pack(text, breaks, [.list(ends)], tokens: plan.tokens)
        case .hierarchical(let parentTokens):
            let places = paragraphs(text)
            result.parents = try pack(text, [text.count], places, tokens: parentTokens)
            result.chunks = try pack(
                text, result.parents.map(\.bytes.upperBound), places, tokens: plan.tokens,
                areParents: true)
        }
        return result
    }

    private func paragraphs(_ text: PassageText) -> [TextPlaces] {
        [.list(ParagraphSplitter.ends(in: text)), .list(SentenceSplitter.ends(in: text))]
    }

    /// Passages that end at each of `bounds`, which ascend to the end of the text, at latest.
    ///
    /// - areParents: whether the stretches between bounds are the parents of passages.
    private func pack(
        _ text: PassageText, _ bounds: [Int], _ places: [TextPlaces], tokens: Int,
        areParents: Bool = false
    ) throws(ChunkError) -> [TextChunk] {
        var chunks: [TextChunk] = []
        var counter = CharacterCounter(text.bytes)
        var start = 0
        for (number, bound) in bounds.enumerated() {
            while start < bound {
                try checkCancelled()
                let (end, count) = try cutter.passage(
                    text, start..<bound, limit: tokens, at: places + finest)
                chunks.append(
                    TextChunk(
                        bytes: start..<end, characters: counter.characters(of: start..<end),
                        freshStart: start, tokens: count, parent: areParents ? number : nil))
                start = end
            }
        }
        return chunks
    }

    /// Passages that begin with the end of the one before, where `tail` says.
    private func overlapping(
        _ text: PassageText, _ places: [TextPlaces], _ tail: (Range<Int>) -> Int
    ) throws(ChunkError) -> [TextChunk] {
        var chunks: [TextChunk] = []
        var counter = CharacterCounter(text.bytes)
        var (start, done) = (0, 0)
        while done < text.count {
            try checkCancelled()
            var (end, count) = try cutter.passage(
                text, start..<text.count, limit: plan.tokens, at: places + finest)
            // What is repeated must leave room for something new.
            if end <= done {
                start = done
                (end, count) = try cutter.passage(
                    text, start..<text.count, limit: plan.tokens, at: places + finest)
            }
            chunks.append(
                TextChunk(
                    bytes: start..<end, characters: counter.characters(of: start..<end),
                    freshStart: done, tokens: count, parent: nil))
            done = end
            start = tail(start..<end)
        }
        return chunks
    }

    private func checkCancelled() throws(ChunkError) {
        guard !progress.isCancelled else { throw .model(.cancelled) }
    }

    /// Where the last sentences of a passage begin; its end if these are all that it has.
    private static func tail(of passage: Range<Int>, _ ends: [Int], sentences: Int) -> Int {
        guard sentences > 0 else { return passage.upperBound }
        let last = ends.firstPlace { $0 >= passage.upperBound }
        let begin = last - sentences
        guard begin >= 0, ends[begin] > passage.lowerBound else { return passage.upperBound }
        return ends[begin]
    }

    private func breaks(
        _ text: PassageText, _ ends: [Int], _ threshold: SemanticThreshold
    ) throws(ChunkError) -> [Int] {
        guard let model else { return [text.count] }
        do throws(ModelError) {
            return try SemanticBreaks(model, threshold, progress).breaks(text, ends)
        } catch { throw .model(error) }
    }
}
