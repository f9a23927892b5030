// Jobs that read fields of documents: what they may ask for, and who gets their units.

import FoundationEssentials
import Protocol
import Testing

@Suite struct FieldSpecTests {
    private let file = InputFile(path: "/d/a.jsonl", size: 9, modifiedNanoseconds: 1)

    private var documents: EncodeDocuments {
        let config = InputFile(path: "/m/config.json", size: 9, modifiedNanoseconds: 1)
        return EncodeDocuments(
            files: [file],
            model: ModelFolder(path: "/m", entries: [.init(name: "config.json", file: config)]))
    }

    private var chunk: EncodeChunk {
        let model = ModelSource(
            folder: ModelFolder(path: "/m", entries: []), identity: "", digests: [], id: "m")
        return EncodeChunk(
            file: file, payload: "p", name: "/d/a.jsonl", bytes: 0..<90, firstRecord: 0,
            firstLine: 1, records: 0..<4, columns: [], model: model, settings: documents)
    }

    private func tasks(_ fields: [String]?, _ filter: String?) -> [UnitTask] {
        [
            .indexChunk(
                IndexChunk(
                    chunk: chunk, settings: IndexSettings(), codebook: nil,
                    metadataFields: fields)),
            .rerankChunk(
                RerankChunk(
                    chunk: chunk, settings: IndexSettings(), queries: file, queriesPayload: "q",
                    run: file, runPayload: "r", depth: 0, filter: filter,
                    metadataFields: fields)),
        ]
    }

    @Test("units with fields or a filter are of kinds of their own, also when cut and sent")
    func kinds() throws {
        let plain = tasks(nil, nil)
        let filtered = tasks(["year:integer"], "year = 1")
        #expect(plain.map(\.kind) == ["index-chunk", "rerank-chunk"])
        #expect(filtered.map(\.kind) == ["index-chunk-fields", "rerank-chunk-filter"])
        for task in plain + filtered {
            let data = try JSONEncoder().encode(task)
            #expect(try JSONDecoder().decode(UnitTask.self, from: data) == task)
            let halves = try #require(WorkUnit(task: task, affinity: 0, work: 1).halves)
            #expect(halves.0.task.kind == task.kind && halves.1.task.kind == task.kind)
        }
    }

    @Test("too many fields and too long a filter are refused")
    func limits() {
        var index = BuildIndex(documents: documents, settings: IndexSettings())
        index.metadataFields = [String](repeating: "x", count: Limits.metadataFieldsMax)
        #expect(JobSpec.buildIndex(index).complaint == nil)
        index.metadataFields?.append("x")
        #expect(JobSpec.buildIndex(index).complaint?.contains("65 fields") == true)
        index.metadataFields = [String](repeating: "x", count: 1_000)
        #expect(JobSpec.buildIndex(index).complaint != nil)
        var rerank = RerankDocuments(documents: documents, queries: file, run: file)
        rerank.filter = String(repeating: " ", count: Limits.filterBytesMax)
        #expect(JobSpec.rerank(rerank).complaint == nil)
        rerank.filter?.append("x")
        #expect(JobSpec.rerank(rerank).complaint?.hasPrefix("--filter") == true)
    }

    @Test("a coordinator that knows no fields refuses the settings by name")
    func unknown() throws {
        var spec = BuildIndex(documents: documents, settings: IndexSettings())
        let before = try JSONEncoder().encode(JobSpec.buildIndex(spec))
        #expect(!String(decoding: before, as: UTF8.self).contains("metadataFields"))
        spec.metadataFields = ["year"]
        let data = try JSONEncoder().encode(Submit(key: "k", spec: .buildIndex(spec)))
        let text = String(decoding: data, as: UTF8.self)
            .replacingOccurrences("metadataFields", "metadataFieldz")
        #expect(throws: DecodingError.self) {
            _ = try JSONDecoder().decode(Submit.self, from: Data(text.utf8))
        }
    }
}

extension String {
    fileprivate func replacingOccurrences(_ part: String, _ other: String) -> String {
        split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
    }
}
