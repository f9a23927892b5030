// Which files of a repository an encoder needs.

enum FileSelection {
    static let filesMax = 1_000

    /// The files to fetch, weights last, so that a directory with weights has all the rest.
    /// - Throws: `.unsuitable` where there are no safetensors; `.malformed` where a name is not
    ///   one that may be used on a disk.
    static func choose(from paths: [String], of name: ModelName) throws(HubError) -> [String] {
        let kept = Set(paths.filter(isWanted))
        for path in kept {
            if let reason = RepositoryPath.complaint(about: path) {
                throw .malformed("a file's name of \(name)", reason: reason)
            }
        }
        let weights = kept.filter { $0.hasSuffix(".safetensors") }
        guard !weights.isEmpty else { throw .unsuitable(name: "\(name)", reason: lack(of: paths)) }
        let chosen = kept.subtracting(weights).sorted() + weights.filter(isNeeded(weights)).sorted()
        guard chosen.count <= filesMax else {
            throw .unsuitable(name: "\(name)", reason: "it has more than \(filesMax) files")
        }
        return chosen
    }

    private static func lack(of paths: [String]) -> String {
        let pickles = [".bin", ".pt", ".pth", ".ckpt"]
        guard let pickle = paths.first(where: { path in pickles.contains(where: path.hasSuffix) })
        else { return "it holds no weights as safetensors" }
        return "its weights (\(pickle.prefix(100))) are Python pickles, which can run any program "
            + "when they are read; save the model as safetensors with Python, and name the "
            + "directory"
    }

    // MARK: - One file

    private static let foldersLeftOut: Set<Substring> = [
        "onnx", "openvino", "tf", "tensorflow", "flax", "coreml", "gguf", "tflite", "runs",
        "original", "optimizer", "logs", "eval", "assets", "images",
    ]
    private static let namesLeftOut = [
        "pytorch_model", "tf_model", "flax_model", "rust_model", "trainer_state", "training_args",
        "optimizer", "adapter_", "consolidated",
    ]
    private static let namesKept: Set<Substring> = ["vocab.txt", "merges.txt", "artifact.metadata"]

    private static func isWanted(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard let name = parts.last else { return false }
        let isElsewhere = parts.dropLast().contains {
            let folder = $0.lowercased()
            return foldersLeftOut.contains(Substring(folder)) || folder.hasPrefix("checkpoint")
        }
        if isElsewhere || namesLeftOut.contains(where: name.hasPrefix) { return false }
        return namesKept.contains(name)
            || [".json", ".safetensors", ".model"].contains(where: name.hasSuffix)
    }

    /// Beside `model.safetensors` or its shards lie other precisions of the same weights.
    private static func isNeeded(_ weights: Set<String>) -> (String) -> Bool {
        { path in
            let (folder, name) = split(path)
            if isPlain(name) || isShard(name) { return true }
            return !weights.contains { other in
                let (place, name) = split(other)
                return place == folder && (isPlain(name) || isShard(name))
            }
        }
    }

    private static func split(_ path: String) -> (folder: Substring, name: Substring) {
        guard let slash = path.lastIndex(of: "/") else { return ("", path[...]) }
        return (path[..<slash], path[path.index(after: slash)...])
    }

    private static func isPlain(_ name: Substring) -> Bool { name == "model.safetensors" }

    /// `model-00001-of-00003.safetensors`.
    private static func isShard(_ name: Substring) -> Bool {
        name.hasPrefix("model-") && name.contains("-of-")
    }
}
