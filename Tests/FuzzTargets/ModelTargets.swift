// A model's folder: JSON files from strangers, beside weights and a tokenizer that are sound.

import Models
import Tensors

enum ModelTargets {
    /// Where the parts of an input go, in their order. An empty part is a file that is not there.
    private static let places = [
        "config.json", "modules.json", "1_Pooling/config.json", "tokenizer_config.json",
        "config_sentence_transformers.json", "sentence_bert_config.json", "artifact.metadata",
        "model.safetensors.index.json", "2_Dense/config.json", "3_Mask/config.json",
    ]
    private static let name = "model"
    private static let modules = ["1_Pooling", "2_Dense", "3_Mask"]
    private static let texts = ["ab c, a", "", "c"]

    static func folder(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let directory = MemoryDirectory.folder(name)
        for module in modules { _ = MemoryDirectory.folder("\(name)/\(module)") }
        defer {
            for module in modules { MemoryDirectory.removeFolder("\(name)/\(module)") }
            MemoryDirectory.removeFolder(name)
        }
        var there: Set<String> = []
        let parts = bytes.parts(places.count)
        for (place, part) in zip(places, parts) where !part.isEmpty {
            write(part, place)
            there.insert(place)
        }
        // What the index names is looked for only where there is no whole file.
        let isSplit = there.contains("model.safetensors.index.json")
        write(
            ModelSamples.weights(for: String(decoding: parts[0], as: UTF8.self)),
            isSplit ? "part.safetensors" : "model.safetensors")
        write(Array(ModelSamples.tokenizer.utf8), "tokenizer.json")
        if there.contains("2_Dense/config.json") {
            write(ModelSamples.dense, "2_Dense/model.safetensors")
        }
        // A limit on memory is the fuzzer's; everything else is an error of the models' own.
        do throws(ModelError) { try use(directory) } catch { return false }
        if let names = try? FolderContents.names(in: directory) {
            promise(names.contains("tokenizer.json"), "a model without its tokenizer: \(names)")
        }
        return true
    }

    private static func write(_ bytes: [UInt8], _ place: String) {
        _ = MemoryDirectory.write(bytes, to: "\(name)/\(place)")
    }

    /// Opens the model as the kind that it says it is, and reads texts with it.
    private static func use(_ directory: String) throws(ModelError) {
        switch try ModelKind(directory: directory) {
        case .embedding:
            let model = try EmbeddingModel(directory: directory, options: EncodingOptions())
            check(try model.encode(texts), model.dimension)
        case .lateInteraction:
            let model = try LateInteractionModel(
                directory: directory, options: LateInteractionOptions())
            check(try model.encodeQueries(texts), model.dimension)
            check(try model.encodeDocuments(texts), model.dimension)
        case .crossEncoder:
            let model = try CrossEncoder(directory: directory, options: CrossEncoderOptions())
            let scores = try model.score([(query: texts[0], document: texts[2])])
            promise(
                scores.values.count == model.labels, "\(scores.values.count) scores of a pair")
        }
    }

    private static func check(_ encoded: EncodedTexts, _ dimension: Int) {
        let rows = encoded.rowCounts.reduce(0) { $0 + Int($1) }
        promise(encoded.rowCounts.count == texts.count, "\(encoded.rowCounts.count) texts")
        promise(
            encoded.vectors.byteCount == 4 * rows * dimension,
            "\(encoded.vectors.byteCount) bytes for \(rows) rows of \(dimension)")
        touch(
            UnsafeRawBufferPointer(
                start: encoded.vectors.baseAddress, count: encoded.vectors.byteCount))
    }
}
