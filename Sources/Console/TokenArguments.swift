// The flags that make fewer or smaller vectors of a document's tokens.

import ArgumentParser
import Protocol

/// Of `sounder encode --tokens` and `sounder index build` alike.
struct TokenArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Merge near tokens of a document: one vector of so many (Ward pooling).",
            valueName: "n"))
    var poolFactor: Int?
    @Option(
        help: ArgumentHelp(
            "Vectors of a document at most, those that differ most. Default: all.",
            valueName: "n"))
    var keepTokens: Int?

    func apply(to spec: inout EncodeDocuments) {
        spec.poolFactor = poolFactor
        spec.keptTokens = keepTokens
    }
}

/// Of `sounder index build` alone; `encode` has it among those of the model.
struct ShorteningArguments: ParsableArguments {
    @Option(help: "Keep the first so many numbers of a token vector (Matryoshka).")
    var dimension: Int?
}

/// Of `sounder encode --tokens` alone; an index has them among its own.
struct ProjectionArguments: ParsableArguments {
    @Option(help: "Project token vectors to so many numbers, by a random orthogonal matrix.")
    var projection: Int?
    @Option(help: "Seed of the projection. Default: 1, as of an index.")
    var projectionSeed: UInt64?

    func apply(to spec: inout EncodeDocuments) throws(Fault) {
        if projectionSeed != nil, projection == nil {
            throw Fault(.usage, "--projection-seed is of a --projection; name both")
        }
        spec.projection = projection
        spec.projectionSeed = projectionSeed
    }
}
