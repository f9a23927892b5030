// An index as a client sees it: what its shards are, and how questions for it are made.

import Files
import Glibc
import Models
import Protocol
import Retrieval
import Tensors
import Transport

/// Opened once; questions are made by any number of tasks.
final class SearchableIndex: Sendable {
    let path: String
    let manifest: IndexManifest
    let shards: IndexShards
    private let words: [InvertedFile]
    let model: LateInteractionModel?
    /// By the model's own pooling.
    private let embedding: EmbeddingModel?

    /// - Parameters:
    ///   - model: folder or name; nil for the one that the index was built with.
    ///   - pipeline: whose stages say which models are needed.
    init(
        _ path: String, model: String?, settings: [String: String], for pipeline: SearchPipeline
    ) throws(Fault) {
        self.path = try Self.resolve(path)
        let index: IndexDirectory
        do throws(IndexError) {
            index = try IndexDirectory.open(self.path) { ManifestDigest() }
        } catch {
            throw Fault(index: error)
        }
        manifest = index.manifest
        var words: [InvertedFile] = []
        do throws(IndexError) {
            for (segment, _) in index.snapshot.segments {
                if let file = try segment.openWords() { words.append(file) }
            }
        } catch { throw Fault(index: error) }
        self.words = words
        guard !manifest.segments.isEmpty else {
            throw Fault(.data, "the index \(path) has no passages; add some")
        }
        guard manifest.segments.count <= Limits.indexShardsMax else {
            throw Fault(
                .data,
                "the index \(path) has \(manifest.segments.count) segments, and a search takes "
                    + "\(Limits.indexShardsMax); run `sounder index compact --index \(path)`")
        }
        shards = manifest.shards(at: self.path)
        let folder =
            pipeline.has(.maxsim) || pipeline.has(.dense)
            ? try Self.folder(model, manifest) : nil
        let known = manifest.model.settings.merging(settings) { $1 }
        let learned = index.snapshot.encoder.projection
        do throws(ModelError) {
            self.model =
                pipeline.has(.maxsim)
                ? try folder.map { folder throws(ModelError) in
                    try Self.tokenModel(folder.path, known, learned)
                } : nil
            embedding =
                pipeline.has(.dense)
                ? try folder.map { folder throws(ModelError) in
                    try Self.embedding(folder.path, known)
                } : nil
        } catch { throw Fault(model: error) }
        if pipeline.has(.dense), manifest.dense == nil {
            throw Fault(
                .usage,
                "the index \(path) has no dense vectors; leave out the stage dense, or build it "
                    + "with --dense")
        }
    }

    /// With the projection that the index has learned, if it has.
    private static func tokenModel(
        _ folder: String, _ settings: [String: String], _ learned: TokenProjection?
    ) throws(ModelError) -> LateInteractionModel {
        var options = try LateInteractionOptions(settings: settings)
        if let learned {
            options.projection = .matrix(learned.values, dimension: learned.dimension)
        }
        return try LateInteractionModel(directory: folder, options: options)
    }

    /// With the prompt for queries, if the folder has one.
    private static func embedding(
        _ folder: String, _ settings: [String: String]
    ) throws(ModelError) -> EmbeddingModel {
        var options = EncodingOptions()
        options.precision = settings["precision"].flatMap { Precision(rawValue: $0) } ?? .f32
        options.layer = settings["layer"].flatMap { Int($0) }
        let model = try EmbeddingModel(directory: folder, options: options)
        guard model.prompts["query"] != nil else { return model }
        options.promptName = "query"
        return try EmbeddingModel(directory: folder, options: options)
    }

    private static func resolve(_ path: String) throws(Fault) -> String {
        guard let resolved = realpath(path, nil) else {
            let reason = String(cString: strerror(errno))
            throw Fault(.input, "cannot read the index \(path): \(reason); name its directory")
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func folder(
        _ named: String?, _ manifest: IndexManifest
    ) throws(Fault) -> ModelFolder {
        let known = manifest.model
        let place = named ?? known.settings["path"] ?? known.name
        let folder: ModelFolder
        do throws(Fault) { folder = try ModelFolder(named: place) } catch {
            guard named == nil else { throw error }
            throw Fault(
                .input,
                "the model of the index, \(known.name), is not at \(place) any more; name its "
                    + "folder as --model")
        }
        let identity = try folder.identity()
        guard identity == known.sha256 else {
            throw Fault(
                .data,
                "the index was built with the model \(known.name) (\(known.sha256.prefix(12))), "
                    + "and \(place) is another (\(identity.prefix(12))); name the right one as "
                    + "--model, or build the index anew")
        }
        return folder
    }
}

// MARK: - Questions

extension SearchableIndex {
    /// Words of the query with what all segments know of them.
    func words(of text: String) throws(Fault) -> ShardQuery {
        guard let analysis = words.first?.analysis, words.count == manifest.segments.count else {
            throw Fault(
                .usage, "the index \(path) has no words, so bm25 is of no use; build it with them")
        }
        do throws(WordsError) {
            let query = try BM25Query(text, try WordAnalyzer(analysis))
            var statistics = WordStatistics(terms: query.terms.count)
            for file in words { statistics += query.statistics(of: file) }
            var question = ShardQuery(.words)
            question.passageCount = statistics.passages
            question.wordCount = statistics.totalLength
            question.terms = zip(query.terms, statistics.passagesWithTerm).map { term, passages in
                ShardQuery.Term(
                    text: String(decoding: term.bytes, as: UTF8.self), count: term.count,
                    passages: passages)
            }
            return question
        } catch { throw Fault(.usage, "\(error)") }
    }

    /// One vector of the query.
    func vector(of text: String) throws(Fault) -> ShardQuery {
        guard let embedding else { throw Fault(.internalError, "no model was opened") }
        let bytes = Array(text.utf8)
        let encoded = bytes.withUnsafeBytes { raw in
            Result { () throws(ModelError) in
                try embedding.encode([raw], threads: 1, progress: EncodingProgress())
            }
        }
        do throws(ModelError) {
            var question = ShardQuery(.dense)
            let vectors = try encoded.get()
            question.dimension = vectors.dimension
            question.vectors = vectors.numbers(rows: 1)
            return question
        } catch { throw Fault(model: error) }
    }

    /// Vectors of the query's tokens.
    func tokens(of text: String) throws(Fault) -> (question: ShardQuery, isTruncated: Bool) {
        guard let model else { throw Fault(.internalError, "no model was opened") }
        let encoded: EncodedTexts
        do throws(ModelError) { encoded = try model.encodeQueries([text]) } catch {
            throw Fault(model: error)
        }
        var question = ShardQuery(.maxSim)
        question.dimension = encoded.dimension
        question.vectors = encoded.numbers(rows: Int(encoded.rowCounts.first ?? 0))
        guard !question.vectors.isEmpty else {
            throw Fault(.data, "the query has no token that is searched for")
        }
        return (question, encoded.truncatedCount > 0)
    }
}

extension EncodedTexts {
    fileprivate func numbers(rows: Int) -> [Float] {
        let base = vectors.baseAddress.assumingMemoryBound(to: Float.self)
        return Array(UnsafeBufferPointer(start: base, count: rows * dimension))
    }
}

extension IndexManifest {
    /// A segment is a shard.
    func shards(at path: String) -> IndexShards {
        func file(_ entry: FileEntry) -> IndexFile {
            IndexFile(name: entry.file, bytes: entry.bytes, sha256: entry.sha256)
        }
        return IndexShards(
            path: path, common: [file(encoder)],
            shards: segments.map { segment in
                [file(segment.file)] + (segment.tombstones.map { [file($0)] } ?? [])
            })
    }
}

extension Fault {
    init(index error: IndexError) {
        switch error {
        case .file(.unreadable): self = Fault(.input, "\(error)")
        case .file(.unwritable), .file(.outOfMemory): self = Fault(.output, "\(error)")
        case .locked: self = Fault(.temporary, "\(error)", retryable: true)
        case .unknown: self = Fault(.input, "\(error)")
        default: self = Fault(.data, "\(error)")
        }
    }
}
