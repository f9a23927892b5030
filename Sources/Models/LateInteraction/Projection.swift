// Matrices that bring token vectors to another number of values: given, from a file, or random.

import CKernels
import Files
import Tensors

extension LateInteractionOptions.Projection {
    /// Values of a matrix [outputs, inputs], and what messages call it.
    func matrix(inputs: Int) throws(ModelError) -> (FloatTensor, path: String) {
        switch self {
        case .file(let path):
            let matrix =
                path.hasSuffix(".npy")
                ? try Self.npy(path, inputs: inputs) : try Self.safeTensors(path, inputs: inputs)
            guard matrix.isFinite else { throw .notFinite(path: path, name: "of the projection") }
            return (matrix, path)
        case .random(let dimension, let seed):
            guard (1...inputs).contains(dimension) else {
                throw .option(
                    "a projection to \(dimension) values is out of range; the model's states have "
                        + "\(inputs)")
            }
            let matrix = try OrthogonalRows.matrix(rows: dimension, width: inputs, seed: seed)
            return (matrix, "the random projection")
        case .matrix(let values, let dimension):
            guard dimension > 0, values.count == dimension * inputs else {
                throw .option(
                    "a projection of \(values.count) numbers to \(dimension) does not fit the "
                        + "model, whose states have \(inputs)")
            }
            let buffer = try AlignedBuffer.floats(values.count, doing: "a projection")
            for (place, value) in values.enumerated() { buffer.floats[place] = value }
            return (FloatTensor(buffer, count: values.count), "the learned projection")
        }
    }

    private static func npy(_ path: String, inputs: Int) throws(ModelError) -> FloatTensor {
        let file: NpyFile
        do throws(FileError) { file = try NpyFile(path: path) } catch { throw .file(error) }
        let shape = file.header.shape
        guard shape.count == 2, shape[0] > 0, shape[1] == inputs else {
            throw .tensorShape(
                path: path, name: "of the projection", shape: shape,
                expected: [shape.first ?? 0, inputs])
        }
        guard file.header.descriptor == "<f4", !file.header.isFortranOrder else {
            throw .unsupported(
                path: path, feature: "a projection that is not of Float32, row after row")
        }
        let count = shape[0] * shape[1]
        let buffer = try AlignedBuffer.floats(count, doing: "a projection")
        if let source = file.data.baseAddress {
            buffer.baseAddress.copyMemory(from: source, byteCount: 4 * count)
        }
        return FloatTensor(buffer, count: count)
    }

    private static func safeTensors(_ path: String, inputs: Int) throws(ModelError) -> FloatTensor {
        let file: SafeTensorsFile
        do throws(FileError) { file = try SafeTensorsFile(path: path) } catch { throw .file(error) }
        guard file.entries.count == 1, let entry = file.entries.first,
            let bytes = file.data(entry.name)
        else {
            throw .configuration(
                path: path, reason: "it has \(file.entries.count) tensors, a projection is one")
        }
        guard entry.shape.count == 2, entry.shape[0] > 0, entry.shape[1] == inputs else {
            throw .tensorShape(
                path: path, name: entry.name, shape: entry.shape,
                expected: [entry.shape.first ?? 0, inputs])
        }
        return try FloatTensor(
            bytes, type: entry.type, count: entry.shape[0] * entry.shape[1], keeping: file,
            name: entry.name, path: path)
    }
}

extension RowSteps {
    mutating func append(
        _ projection: LateInteractionOptions.Projection, _ precision: Precision
    ) throws(ModelError) {
        let (matrix, path) = try projection.matrix(inputs: dimension)
        try append(
            DenseModule(Linear(matrix, bias: nil, inputs: dimension, precision: precision)),
            of: path)
    }
}

/// Rows of length 1 at right angles to each other, in random directions.
enum OrthogonalRows {
    /// Normal rows made orthogonal one after the other (Gram and Schmidt), each twice, after which
    /// no error of rounding is left (Giraud et al. 2005). Nothing but additions, products and roots
    /// is used, so that every machine makes the same rows of a seed.
    ///
    /// - Returns: [rows, width]; `rows` is not above `width`.
    static func matrix(
        rows: Int, width: Int, seed: UInt64
    ) throws(ModelError) -> FloatTensor {
        let buffer = try AlignedBuffer.floats(rows * width, doing: "a projection")
        var made: [[Double]] = []
        var counter: UInt64 = 0
        while made.count < rows {
            var row = (0..<width).map { _ in normal(seed, &counter) }
            for _ in 0..<2 {
                for other in made { subtract(dot(row, other), other, from: &row) }
            }
            let length = dot(row, row).squareRoot()
            // By chance it lay among the others.
            guard length > 1e-6 else { continue }
            for place in row.indices {
                row[place] /= length
                buffer.floats[made.count * width + place] = Float(row[place])
            }
            made.append(row)
        }
        return FloatTensor(buffer, count: rows * width)
    }

    /// The sum of twelve uniform numbers has the variance 1, and is as good as normal.
    private static func normal(_ seed: UInt64, _ counter: inout UInt64) -> Double {
        var sum = -6.0
        for _ in 0..<12 {
            sum += Double(SplitMix.derive(seed, counter) >> 11) * 0x1p-53
            counter += 1
        }
        return sum
    }

    private static func dot(_ left: [Double], _ right: [Double]) -> Double {
        var sum = 0.0
        for place in left.indices { sum += left[place] * right[place] }
        return sum
    }

    private static func subtract(_ factor: Double, _ other: [Double], from row: inout [Double]) {
        for place in row.indices { row[place] -= factor * other[place] }
    }
}
