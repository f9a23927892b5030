// The files of a model's folder that an encoder reads.

import Glibc
import Protocol
import Transport

extension ModelFolder {
    private static let endings = [".json", ".safetensors"]
    /// The same weights for other engines.
    private static let foreign = ["onnx", "openvino"]

    /// Every *.json and *.safetensors in the folder and one level below.
    ///
    /// - Throws: a `Fault` with code `input` if it is not the folder of a model.
    init(reading path: String) throws(Fault) {
        guard let resolved = realpath(path, nil) else {
            let reason = String(cString: strerror(errno))
            throw Fault(.input, "cannot read the model \(path): \(reason); name its folder")
        }
        defer { free(resolved) }
        let folder = String(cString: resolved)
        var status = stat()
        guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw Fault(.input, "the model \(path) is not a folder; name the one with config.json")
        }
        var names = Self.names(in: folder)
        guard names.contains("config.json") else {
            throw Fault(
                .input,
                "\(path) has no config.json; name a model's folder, with *.safetensors and "
                    + "tokenizer.json in it")
        }
        for part in Transport.entries(of: folder) where !Self.foreign.contains(part) {
            names += Self.names(in: "\(folder)/\(part)").map { "\(part)/\($0)" }
        }
        var entries: [Entry] = []
        for name in names.sorted() {
            entries.append(Entry(name: name, file: try InputFile(reading: "\(folder)/\(name)")))
        }
        self.init(path: folder, entries: entries)
    }

    private static func names(in folder: String) -> [String] {
        Transport.entries(of: folder).filter { name in
            var status = stat()
            return !name.hasPrefix(".") && endings.contains { name.hasSuffix($0) }
                && stat("\(folder)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        }
    }
}
