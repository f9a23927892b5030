// The directory of vectors that `sounder chunk --late-vectors` names.

import Documents
import Models
import Protocol
import Tensors

extension ChunkCommand {
    /// What is known of the vectors before there is one.
    func late(
        _ path: String, _ input: ChunkInput, _ folder: ModelFolder, _ model: EmbeddingModel?
    ) throws(Fault) -> LateVectors {
        guard let model, model.poolings.count == 1 else {
            throw Fault(
                .usage,
                "--late-vectors is for models that pool a text's tokens to one vector in one way, "
                    + "and \(self.model.model) is none")
        }
        var spec = EncodeDocuments(files: input.files, model: folder)
        spec.standardInput = input.standardInput?.path
        spec.format = input.format.rawValue
        (spec.idField, spec.textFields) = (idField, textField)
        (spec.maxLength, spec.prompt) = (self.model.maxLength, self.model.prompt)
        spec.promptName = self.model.promptName
        spec.skipsMalformed = onError == .skip
        spec.refusesTruncation = true
        spec.pooling = Pooling.mean.rawValue
        var manifest = CollectionManifest(of: spec)
        manifest.settings.lateChunks = true
        let (identity, digests) = try folder.identified()
        manifest.model.sha256 = identity
        for (index, digest) in digests.enumerated() {
            manifest.model.files[index].sha256 = digest
        }
        manifest.npyType = StoredType.f32.npyDescriptor
        manifest.maxLength = model.maxLength
        return try LateVectors(path, manifest, dimension: model.dimension)
    }
}
