// The parameters of a training job on disk: two generations, each with its checksums.

import Files
import FoundationEssentials
import Glibc
import Protocol
import Tensors
import Transport

/// Where in its training a checkpoint was made.
struct CheckpointMark: Codable {
    /// Names the parameters among those of other jobs.
    let model: String
    /// The round that starts from these parameters.
    let round: Int
    let momentum: Double
    let columns: Int
    /// XXH3-64 of each tensor, in the order of the file.
    var checksums: [UInt64] = []
}

/// A safetensors file of four matrices `[rows, stride]`: inputs, outputs and their velocities.
/// Written in turns over two names, so that a damaged one has another before it.
struct ModelCheckpoints {
    private static let tensors = ["input", "output", "inputVelocity", "outputVelocity"]
    private static let names = ["checkpoint-a.safetensors", "checkpoint-b.safetensors"]
    private static let key = "sounder"
    let directory: JobDirectory
    /// Of the name that is written next.
    private var turn = 0

    init(directory: JobDirectory) { self.directory = directory }

    /// On the disk when it returns.
    mutating func save(_ average: ModelAverage, _ mark: CheckpointMark) throws(Fault) {
        var mark = mark
        mark.checksums = average.tensors.map { Checksum.of($0.bytes) }
        let path = directory.path(of: Self.names[turn])
        do {
            try makeDirectory(directory.path)
            let text = String(decoding: try JSONEncoder().encode(mark), as: UTF8.self)
            let entries = zip(Self.tensors, average.tensors).map { name, matrix in
                SafeTensorsEntry(name: name, type: .f32, shape: [matrix.rows, matrix.stride])
            }
            let writer = try SafeTensorsWriter(
                path: path, entries: entries, metadata: [(Self.key, text)])
            for matrix in average.tensors { try writer.append(matrix.bytes) }
            try writer.finish()
            turn = 1 - turn
        } catch {
            throw Fault(
                .temporary, "a checkpoint of job \(directory.job) cannot be kept: \(error)",
                retryable: true)
        }
    }

    /// The newest checkpoint of `model` that is whole; nil if there is none.
    mutating func load(of model: String) -> (average: ModelAverage, mark: CheckpointMark)? {
        // Those of a model that was begun anew may be of a later round.
        let found = Self.names.compactMap { open($0) }.filter { $0.mark.model == model }
        for (name, file, mark) in found.sorted(by: { $0.mark.round > $1.mark.round }) {
            if let average = Self.restore(file, mark) {
                turn = name == Self.names[0] ? 1 : 0
                return (average, mark)
            }
            directory.sayDamaged(name)
        }
        return nil
    }

    private typealias Found = (name: String, file: SafeTensorsFile, mark: CheckpointMark)

    private func open(_ name: String) -> Found? {
        let path = directory.path(of: name)
        guard access(path, F_OK) == 0 else { return nil }
        guard let file = try? SafeTensorsFile(path: path), let text = file.metadata[Self.key],
            let mark = try? JSONDecoder().decode(CheckpointMark.self, from: Data(text.utf8))
        else {
            directory.sayDamaged(name)
            return nil
        }
        return (name, file, mark)
    }

    /// Nil if a tensor is missing or not as it was written.
    private static func restore(_ file: SafeTensorsFile, _ mark: CheckpointMark) -> ModelAverage? {
        guard mark.checksums.count == tensors.count else { return nil }
        var matrices: [Matrix] = []
        for (name, checksum) in zip(tensors, mark.checksums) {
            guard let entry = file.entry(name), let data = file.data(name),
                entry.type == .f32, entry.shape.count == 2, mark.columns >= 0,
                Checksum.of(data) == checksum,
                let matrix = try? Matrix(rows: entry.shape[0], columns: mark.columns),
                matrix.byteCount == data.count, matrix.stride == entry.shape[1] || data.isEmpty
            else { return nil }
            if let source = data.baseAddress {
                UnsafeMutableRawPointer(matrix.base).copyMemory(
                    from: source, byteCount: data.count)
            }
            matrices.append(matrix)
        }
        return try? ModelAverage(restoring: matrices, momentum: mark.momentum)
    }
}

extension ModelAverage {
    /// Whether parameters from a disk are those of the job.
    func has(_ shape: ModelShape?) -> Bool {
        input.parameters.rows == shape?.inputRows && output.parameters.rows == shape?.outputRows
    }

    /// Inputs, outputs and the velocities of both.
    fileprivate var tensors: [Matrix] {
        [input.parameters, output.parameters, input.velocity, output.velocity]
    }

    fileprivate convenience init(
        restoring tensors: [Matrix], momentum: Double
    ) throws(TensorError) {
        // Inputs may be more than outputs: by n-grams, or by a word than branches of a tree.
        let moves = Float(momentum) > 0
        guard tensors[2].rows == (moves ? tensors[0].rows : 0),
            tensors[3].rows == (moves ? tensors[1].rows : 0), momentum >= 0, Float(momentum) < 1
        else { throw .notFinite(row: 0, what: "a checkpoint of other shapes") }
        self.init(
            input: try OuterNesterov(
                parameters: tensors[0], velocity: tensors[2], momentum: Float(momentum), rate: 1),
            output: try OuterNesterov(
                parameters: tensors[1], velocity: tensors[3], momentum: Float(momentum), rate: 1))
    }
}

extension Matrix {
    fileprivate var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base, count: byteCount)
    }
}
