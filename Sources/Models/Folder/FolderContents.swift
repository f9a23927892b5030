// Which files of a model's folder take part in what it makes of texts.

import Files

/// Whatever kind of model it is. Other files may stand beside these: they change nothing.
public enum FolderContents {
    private static let names = [
        "config.json", "tokenizer.json", "tokenizer_config.json", "modules.json",
        "sentence_bert_config.json", "config_sentence_transformers.json",
        // Of Stanford's ColBERT.
        "artifact.metadata",
    ]

    /// The files that are read, by their paths in `directory`, sorted.
    ///
    /// - Throws: if a module has no weights or the transformer no tokenizer, or a file that names
    ///   others cannot be read.
    public static func names(in directory: String) throws(ModelError) -> [String] {
        let folder = try SentenceFolder(directory)
        guard isFile("\(folder.checkpoint)/tokenizer.json") else {
            throw .file(
                .unreadable(
                    path: folder.checkpoint,
                    reason: "there is no tokenizer.json; save the model with its fast tokenizer"))
        }
        var files = folder.places.flatMap { place in names.map { "\(place)/\($0)" } }
            .filter(isFile)
        if let file = folder.transformerPath { files.append(file) }
        for place in folder.weightPlaces {
            let (source, parts) = try Weights.files(in: place)
            files += ([source] + parts).map { "\(place)/\($0)" }
        }
        return Set(files.map { path(of: $0, in: directory) }).sorted()
    }

    private static func path(of file: String, in directory: String) -> String {
        String(decoding: file.utf8.dropFirst(directory.utf8.count), as: UTF8.self)
            .split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}
