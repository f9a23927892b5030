// The tensors of a checkpoint by name, with the proof that each of them was used once.

import CKernels
import Files
import Tensors

/// One or several safetensors files. A tensor that nobody asks for means that the model is not what
/// it is taken for, so `finish` fails unless it is known to be of no use.
final class Weights {
    /// Of the model's folder or file, for messages.
    let path: String
    /// Of what was read beside them, for messages.
    let configPath: String
    private var files: [SafeTensorsFile] = []
    private var places: [String: Int] = [:]
    private var used: Set<String> = []
    /// In front of every name, as checkpoints of models with heads have it.
    private var prefix = ""

    private struct Index: Decodable { let weightMap: [String: String] }
    private static let filesMax = 1_000
    private static let whole = "model.safetensors"
    private static let index = "model.safetensors.index.json"

    /// Reads `model.safetensors` or what `model.safetensors.index.json` names.
    init(directory: String) throws(ModelError) {
        let (source, names) = try Self.files(in: directory)
        path = "\(directory)/\(source)"
        configPath = "\(directory)/config.json"
        try open(names.map { "\(directory)/\($0)" })
    }

    /// The names of the files with tensors, and of the one that says which they are.
    static func files(
        in directory: String
    ) throws(ModelError) -> (source: String, names: [String]) {
        if isFile("\(directory)/\(whole)") { return (whole, [whole]) }
        let path = "\(directory)/\(index)"
        guard let parts = try JSONFile.readIfThere(Index.self, path) else {
            throw .file(
                .unreadable(
                    path: directory,
                    reason: "there is no model.safetensors; convert the checkpoint to safetensors"))
        }
        let names = Set(parts.weightMap.values).sorted()
        guard names.count <= filesMax, !names.contains(where: { $0.contains("/") }) else {
            throw .configuration(path: path, reason: "it names files in odd places or too many")
        }
        return (index, names)
    }

    private func open(_ paths: [String]) throws(ModelError) {
        for path in paths {
            do throws(FileError) { files.append(try SafeTensorsFile(path: path)) } catch {
                throw .file(error)
            }
            for entry in files[files.count - 1].entries {
                guard places.updateValue(files.count - 1, forKey: entry.name) == nil else {
                    throw .configuration(path: path, reason: "tensor \(entry.name) stands twice")
                }
            }
        }
    }

    /// Chooses the first of `prefixes` with which there is a tensor `name`.
    func findPrefix(_ prefixes: [String], of name: String) {
        prefix = prefixes.first { places[$0 + name] != nil } ?? prefixes[0]
    }

    func contains(_ name: String) -> Bool { places[prefix + name] != nil }

    /// nil if there is no such tensor.
    func shape(of name: String) -> [Int]? {
        places[prefix + name].flatMap { files[$0].entry(prefix + name)?.shape }
    }

    /// The tensor as Float32, row-major, in memory of its own or in place.
    func tensor(_ name: String, _ shape: [Int]) throws(ModelError) -> FloatTensor {
        let (full, type, bytes, file) = try find(name, shape)
        let tensor = try FloatTensor(
            bytes, type: type, count: shape.reduce(1, *), keeping: file, name: full, path: path)
        guard tensor.isFinite else { throw .notFinite(path: path, name: full) }
        return tensor
    }

    /// The tensor as it stands in the file; nil if its values do not have 16 bits.
    func halves(_ name: String, _ shape: [Int]) throws(ModelError) -> HalfTensor? {
        let (full, type, bytes, file) = try find(name, shape)
        guard
            let tensor = HalfTensor(
                bytes, type: type, count: shape.reduce(1, *), keeping: file)
        else { return nil }
        guard tensor.isFinite else { throw .notFinite(path: path, name: full) }
        return tensor
    }

    private func find(
        _ name: String, _ shape: [Int]
    ) throws(ModelError) -> (
        name: String, type: SafeTensorsType, bytes: UnsafeRawBufferPointer, file: SafeTensorsFile
    ) {
        let full = prefix + name
        guard let place = places[full], let entry = files[place].entry(full),
            let bytes = files[place].data(full)
        else { throw .missingTensor(path: path, name: full) }
        used.insert(full)
        guard entry.shape == shape else {
            throw .tensorShape(path: path, name: full, shape: entry.shape, expected: shape)
        }
        return (full, entry.type, bytes, files[place])
    }

    func tensorIfThere(_ name: String, _ shape: [Int]) throws(ModelError) -> FloatTensor? {
        contains(name) ? try tensor(name, shape) : nil
    }

    /// - Parameter ignoring: whether a tensor (without the prefix, if it has it) is of no use for
    ///   hidden states: heads, poolers, constants that are computed.
    func finish(ignoring: (String) -> Bool) throws(ModelError) {
        let unused = places.keys.filter { name in
            guard !used.contains(name) else { return false }
            let bare = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
            return !ignoring(bare) && !ignoring(name)
        }
        if let name = unused.min() { throw .surplusTensor(path: path, name: name) }
    }
}
