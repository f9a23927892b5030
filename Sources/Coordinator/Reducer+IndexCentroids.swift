// Centroids of an index, from a sample of its tokens.

import Documents
import Files
import Protocol
import Retrieval
import Tensors
import Transport

extension IndexReduction {
    private static var sampleBytesMax: Int { 1 << 30 }

    /// - Returns: centroids and buckets, as the workers read them.
    func train(on outputs: RoundOutputs, of plan: EncodingPlan) throws(Fault) -> Frame {
        do {
            let expected = SamplingPlan(of: plan, for: spec).tokensExpected
            var sample: TokenSample?
            for unit in 0..<outputs.count { try add(outputs, unit, to: &sample) }
            guard let sample, sample.seen > 0 else {
                throw Fault(
                    .data,
                    "there is nothing to build an index of: no document of the sample has a token; "
                        + "give it documents with text, and few blank lines")
            }
            let wanted =
                spec.settings.centroids > 0
                ? spec.settings.centroids : Centroids.count(forTokens: expected)
            let projection = try projection(learnedFrom: sample)
            let encoder = try TokenEncoder.train(
                projection.map { sample.projected(by: $0) } ?? sample, form: try form,
                count: max(1, min(wanted, sample.seen / 8)),
                training: CentroidTraining(seed: spec.settings.seed, threads: processorCount()),
                projection: projection)
            try makeDirectory(scratch)
            let path = "\(scratch)/codebook.safetensors"
            try encoder.write(to: path)
            defer { removeFile(path) }
            let file = try MappedFile(path: path)
            return Frame(file.bytes) { _ in withExtendedLifetime(file) {} }
        } catch let fault as Fault {
            throw fault
        } catch {
            throw Fault(.data, "the centroids of the index cannot be made: \(error)")
        }
    }

    private func projection(
        learnedFrom sample: TokenSample
    ) throws(Fault) -> TokenProjection? {
        guard let wanted = spec.settings.principalComponents else { return nil }
        let (width, most) = (sample.dimension, PrincipalComponents.widthMax)
        guard wanted <= width, width <= most else {
            throw Fault(
                .usage,
                wanted > width
                    ? "--principal-components \(wanted) is out of range; the model's token vectors "
                        + "have \(width) numbers"
                    : "the model's token vectors have \(width) numbers, and principal components "
                        + "are found of \(most) at most; pass --projection instead")
        }
        return TokenProjection(
            learnedFrom: sample, dimension: wanted, threads: processorCount())
    }

    private func add(
        _ outputs: RoundOutputs, _ unit: Int, to sample: inout TokenSample?
    ) throws {
        guard let frame = outputs.frames(of: unit, isChecked: true)?.first else {
            throw Fault(.internalError, "outputs of unit \(unit) vanished meanwhile")
        }
        try frame.withUnsafeBytes { bytes in
            let (chunk, vectors) = try EncodedDocuments.read(bytes)
            var numbers = [Float](repeating: 0, count: vectors.count / 4)
            numbers.withUnsafeMutableBytes { to in
                to.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[vectors]))
            }
            if sample == nil {
                sample = TokenSample(
                    dimension: chunk.dimension, bytesMax: Self.sampleBytesMax,
                    seed: spec.settings.seed)
            }
            try sample?.add(try TokenMatrix(dimension: chunk.dimension, values: numbers))
        }
    }

    private var form: TokenForm {
        get throws(Fault) {
            guard let form = TokenForm(rawValue: spec.settings.form) else {
                throw Fault(.usage, "tokens are not stored as \(spec.settings.form)")
            }
            return form
        }
    }
}
