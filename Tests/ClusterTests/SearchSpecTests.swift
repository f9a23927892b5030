// What a question of the search plane may say of the model that scores its pairs.

import Protocol
import Testing

@Suite("Questions with a model")
struct SearchSpecTests {
    private static let digest = String(repeating: "a", count: 64)

    private func search(_ model: ModelSource) -> Search {
        let file = IndexFile(name: "s.seg", bytes: 1, sha256: Self.digest)
        return Search(
            index: IndexShards(path: "/index", common: [file], shards: [[file]]), top: 3,
            deadlineMilliseconds: 1_000, model: model)
    }

    private func model(
        _ name: String = "config.json", at path: String = "/m", identity: String = digest,
        digests: [String] = [digest], id: String? = nil
    ) -> ModelSource {
        let config = InputFile(path: "\(path)/config.json", size: 9, modifiedNanoseconds: 1)
        return ModelSource(
            folder: ModelFolder(path: path, entries: [.init(name: name, file: config)]),
            identity: identity, digests: digests, id: id ?? "model/\(identity)")
    }

    private func read(_ search: Search) throws -> Message {
        try Codec.decode(
            try Codec.encode(Message(.search(search), request: 1, body: Frame([1]))))
    }

    @Test("a model that is named by its content is read as it was said")
    func sound() throws {
        let search = search(model())
        #expect(try read(search).header == .search(search))
    }

    @Test("names that lead elsewhere, digests that are none and ids of other payloads are refused")
    func hostile() {
        let cases = [
            model("../config.json"), model("a/b/config.json"), model(at: "relative"),
            model(identity: "../../x"), model(digests: []), model(digests: ["zz"]),
            model(id: "job-1/model"), model(id: String(repeating: "x", count: 10_000)),
        ]
        for model in cases {
            #expect(throws: CodecError.self, "\(model)") { try read(search(model)) }
        }
    }
}
