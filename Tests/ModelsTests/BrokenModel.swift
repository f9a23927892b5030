// Copies of a fixture with one thing wrong.

import Files
import Glibc
import Tensors
import TestSupport

/// A model's folder in a scratch directory, whose files a test spoils.
final class BrokenModel {
    private let scratch: Scratch
    var folder: String { scratch.directory }

    init(copying name: String = "bert") throws {
        scratch = try Scratch()
        for file in ["config.json", "model.safetensors", "tokenizer.json"] {
            let file = ModelFixture.folder(name) + "/" + file
            _ = try scratch.write(
                bytes(of: file), to: String(file.split(separator: "/").last ?? ""))
        }
    }

    /// Replaces text in one of the files, which must have it.
    func replace(_ old: String, by new: String, in file: String) throws {
        let text = String(decoding: try bytes(of: scratch.path(file)), as: UTF8.self)
        guard text.contains(old) else { throw ModelFixture.Missing(tensor: old) }
        _ = try scratch.write(text.replacing(old, with: new), to: file)
    }

    /// Writes a file, and the directory that it is in.
    func write(_ text: String, to file: String) throws {
        let parts = file.split(separator: "/")
        if parts.count > 1 { mkdir(scratch.path(String(parts[0])), 0o700) }
        _ = try scratch.write(text, to: file)
    }

    func truncateWeights(to count: Int) throws {
        let bytes = try bytes(of: scratch.path("model.safetensors"))
        _ = try scratch.write(Array(bytes.prefix(count)), to: "model.safetensors")
    }

    struct Tensor {
        var entry: SafeTensorsEntry
        var bytes: [UInt8]
    }

    /// Writes the weights anew, after `change`.
    func rewriteWeights(_ change: (inout [Tensor]) throws -> Void) throws {
        let path = scratch.path("model.safetensors")
        let file = try SafeTensorsFile(path: path)
        var tensors = file.entries.map { entry in
            Tensor(entry: entry, bytes: file.data(entry.name).map(Array.init) ?? [])
        }
        try change(&tensors)
        let writer = try SafeTensorsWriter(path: path, entries: tensors.map(\.entry))
        for tensor in tensors {
            try tensor.bytes.withUnsafeBytes { try writer.append($0) }
        }
        try writer.finish()
    }
}
