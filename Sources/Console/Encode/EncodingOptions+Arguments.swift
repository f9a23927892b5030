// What a user asks of a model that is run in this process, in the words of the model.

import Models
import Protocol

extension EncodingOptions {
    /// - Throws: a `Fault` for a name that the model does not know.
    init(_ settings: EncodeDocuments) throws(Fault) {
        self.init()
        guard let precision = Precision(rawValue: settings.precision) else {
            throw Fault(.usage, "--precision \(settings.precision) is not known here")
        }
        self.precision = precision
        if let name = settings.pooling {
            guard let pooling = Pooling(rawValue: name) else {
                throw Fault(.usage, "--pooling \(name) is not known here")
            }
            self.pooling = pooling
        }
        maxLength = settings.maxLength
        dimension = settings.dimension
        prompt = settings.prompt
        promptName = settings.promptName
        layer = settings.layer
        normalizes = settings.normalizes
        isTokenLevel = settings.tokenLevel
        projection = settings.projection.map {
            .random(dimension: $0, seed: settings.projectionSeed ?? 1)
        }
    }
}
