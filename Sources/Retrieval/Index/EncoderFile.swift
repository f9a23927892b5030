// An encoder on disk: centroids and buckets in a safetensors file.

import Files
import Tensors

extension TokenEncoder {
    /// Tensors `centroids` and `coarse` `[rows, dimension]`, `ends` of the groups; for residuals
    /// `cutoffs`, `scale` and `table`; where it was learned `projection` `[dimension, inputs]`.
    ///
    /// - Throws: `.file`.
    public func write(to path: String) throws(IndexError) {
        let ends = centroids.ends.map { UInt32($0) }
        var tensors: [(SafeTensorsEntry, [UInt8])] = [
            (
                .init(name: "centroids", type: .f32, shape: [centroids.count, dimension]),
                Array(UnsafeRawBufferPointer(centroids.values))
            ),
            (
                .init(name: "coarse", type: .f32, shape: [ends.count, dimension]),
                raw(centroids.coarse)
            ),
            (.init(name: "ends", type: .u32, shape: [ends.count]), raw(ends)),
        ]
        if let codec {
            let table = Array(codec.table[..<(1 << codec.bits)])
            tensors += [
                (
                    .init(name: "cutoffs", type: .f32, shape: [codec.cutoffs.count]),
                    raw(codec.cutoffs)
                ),
                (.init(name: "scale", type: .f32, shape: [1]), raw([codec.scale])),
                (.init(name: "table", type: .u8, shape: [table.count]), table),
            ]
        }
        if let projection {
            let shape = [projection.dimension, projection.inputs]
            tensors.append(
                (.init(name: "projection", type: .f32, shape: shape), raw(projection.values)))
        }
        do {
            let file = try SafeTensorsWriter(
                path: path, entries: tensors.map(\.0),
                metadata: [(key: "form", value: form.rawValue)])
            for (_, bytes) in tensors {
                let written = bytes.withUnsafeBytes { raw in
                    Result { () throws(FileError) in try file.append(raw) }
                }
                try written.get()
            }
            try file.finish()
        } catch {
            throw .file(error)
        }
    }

    /// - Throws: `.file`, `.malformed` in it when the parts do not fit each other.
    public static func read(from path: String) throws(IndexError) -> TokenEncoder {
        let file = try wrapping { () throws(FileError) in try SafeTensorsFile(path: path) }
        func fail(_ reason: String) -> IndexError {
            .file(.malformed(path: path, offset: 0, reason: reason))
        }
        func shape(_ name: String) -> [Int] { file.entry(name)?.shape ?? [] }
        guard let form = file.metadata["form"].flatMap(TokenForm.init(rawValue:)),
            shape("centroids").count == 2, shape("coarse").count == 2
        else { throw fail("not an encoder of an index") }
        let dimension = shape("centroids")[1]
        let centroids: [Float] = numbers(file, "centroids", .f32)
        let coarse: [Float] = numbers(file, "coarse", .f32)
        let ends: [UInt32] = numbers(file, "ends", .u32)
        guard (1...TokenMatrix.dimensionMax).contains(dimension), shape("coarse")[1] == dimension,
            (1...Centroids.countMax).contains(centroids.count / dimension),
            coarse.count == ends.count * dimension, let first = ends.first, first > 0,
            zip(ends, ends.dropFirst()).allSatisfy(<),
            ends.last.map(Int.init) == centroids.count / dimension,
            centroids.allSatisfy(\.isFinite), coarse.allSatisfy(\.isFinite)
        else { throw fail("centroids and groups do not fit each other") }
        var codec: ResidualCodec?
        if let bits = form.residualBits {
            let scale: [Float] = numbers(file, "scale", .f32)
            codec = ResidualCodec(
                checking: dimension, bits: bits, cutoffs: numbers(file, "cutoffs", .f32),
                scale: scale.first ?? .nan, table: numbers(file, "table", .u8))
            guard codec != nil else { throw fail("buckets that no training makes") }
        }
        var projection: TokenProjection?
        if let entry = file.entry("projection") {
            projection = TokenProjection(
                checking: numbers(file, "projection", .f32), dimension: dimension,
                inputs: entry.shape.last ?? 0)
            guard projection != nil, entry.shape.count == 2 else {
                throw fail("a projection to other numbers than the centroids have")
            }
        }
        return TokenEncoder(
            centroids: Centroids(
                dimension: dimension, values: centroids, coarse: coarse, ends: ends.map(Int.init)),
            form: form, codec: codec, projection: projection)
    }

    /// The numbers of a tensor; none when it is missing or of another type.
    private static func numbers<Number: BitwiseCopyable>(
        _ file: SafeTensorsFile, _ name: String, _ type: SafeTensorsType
    ) -> [Number] {
        guard let entry = file.entry(name), entry.type == type, let data = file.data(name) else {
            return []
        }
        return withExtendedLifetime(file) {
            stride(from: 0, to: data.count, by: type.byteCount).map {
                data.loadUnaligned(fromByteOffset: $0, as: Number.self)
            }
        }
    }
}

private func raw<Number>(_ numbers: [Number]) -> [UInt8] {
    numbers.withUnsafeBytes { Array($0) }
}
