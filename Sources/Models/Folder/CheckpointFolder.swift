// The transformer's own part of a model's folder: config.json, read by the family it names.

/// Where config.json, the tokenizer and the weights stand, and how their faults are told.
struct CheckpointFolder {
    let path: String
    var configPath: String { "\(path)/config.json" }

    func read<Configuration: Decodable>(
        _ type: Configuration.Type
    ) throws(ModelError) -> Configuration {
        try JSONFile.read(type, configPath)
    }

    func unsupported(_ feature: String) -> ModelError {
        .unsupported(path: configPath, feature: feature)
    }

    /// Numbers that sizes of memory are computed from.
    func check(_ sizes: [(key: String, value: Int)]) throws(ModelError) {
        for (key, value) in sizes where !(1...10_000_000).contains(value) {
            throw .configuration(
                path: configPath,
                reason: "\(key) \(value) is out of range; it must lie in "
                    + "1...10000000")
        }
    }

    /// A number that must be there, checked like the others.
    func size(_ key: String, _ value: Int?) throws(ModelError) -> Int {
        guard let value else {
            throw .configuration(path: configPath, reason: "it lacks the key \(key)")
        }
        try check([(key, value)])
        return value
    }

    func rotary(
        _ parameters: RotaryParameters, theta: Double, width: Int, pairsNeighbours: Bool = false
    ) throws(ModelError) -> Rotary {
        guard let frequencies = parameters.frequencies(theta: theta, width: width) else {
            throw unsupported("the rope_type \(parameters.kind) with the numbers given")
        }
        return Rotary(
            frequencies: frequencies, sharpness: parameters.sharpness,
            pairsNeighbours: pairsNeighbours)
    }

    func heads(_ count: Int, of width: Int) throws(ModelError) -> AttentionHeads {
        guard width % count == 0 else {
            throw .configuration(
                path: configPath, reason: "a width of \(width) has no \(count) equal heads")
        }
        return AttentionHeads(count: count, width: width / count)
    }

    func activation(_ name: String) throws(ModelError) -> Activation {
        guard let activation = Activation(named: name) else {
            throw unsupported("the activation \(name)")
        }
        return activation
    }
}
