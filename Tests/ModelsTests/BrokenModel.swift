// Copies of a fixture with one thing wrong.

import Files
import Foundation
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

    /// With everything that is in the folder.
    init(folder: String) throws {
        scratch = try Scratch()
        guard let names = FileManager.default.enumerator(atPath: folder) else {
            throw ModelFixture.Missing(tensor: folder)
        }
        for case let name as String in names where !name.hasPrefix("expected") {
            if let bytes = try? bytes(of: "\(folder)/\(name)") { try write(bytes, to: name) }
        }
    }

    private func write(_ bytes: [UInt8], to file: String) throws {
        let parts = file.split(separator: "/")
        if parts.count > 1 { mkdir(scratch.path(String(parts[0])), 0o700) }
        _ = try scratch.write(bytes, to: file)
    }

    /// Replaces text in one of the files, which must have it, everywhere or `once`.
    func replace(_ old: String, by new: String, in file: String, once: Bool = false) throws {
        let text = String(decoding: try bytes(of: scratch.path(file)), as: UTF8.self)
        guard text.contains(old) else { throw ModelFixture.Missing(tensor: old) }
        _ = try scratch.write(
            text.replacing(old, with: new, maxReplacements: once ? 1 : .max), to: file)
    }

    func remove(_ file: String) throws {
        guard unlink(scratch.path(file)) == 0 else { throw ModelFixture.Missing(tensor: file) }
    }

    /// Writes a file, and the directory that it is in.
    func write(_ text: String, to file: String) throws {
        try write(Array(text.utf8), to: file)
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
    func rewriteWeights(
        of module: String = "", _ change: (inout [Tensor]) throws -> Void
    ) throws {
        let path = scratch.path(module + "model.safetensors")
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
