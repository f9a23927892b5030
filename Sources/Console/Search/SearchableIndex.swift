// An index as a client sees it: what its shards are, and how questions for it are made.

import Files
import Glibc
import Models
import Protocol
import Retrieval
import Transport

/// Opened once; questions are made by any number of tasks.
final class SearchableIndex: Sendable {
    let path: String
    let manifest: IndexManifest
    let shards: IndexShards
    private let words: [InvertedFile]
    let models: QueryModels

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
            models =
                try folder.map { folder throws(ModelError) in
                    try QueryModels(folder.path, known, learned, for: pipeline)
                } ?? QueryModels()
        } catch { throw Fault(model: error) }
        if pipeline.has(.dense), manifest.dense == nil {
            throw Fault(
                .usage,
                "the index \(path) has no dense vectors; leave out the stage dense, or build it "
                    + "with --dense")
        }
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
