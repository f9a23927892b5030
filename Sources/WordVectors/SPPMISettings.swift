// The settings of vectors from shifted positive pointwise mutual information.

/// How counts of pairs become vectors (Levy and Goldberg 2014, "Neural word embedding as implicit
/// matrix factorization"; the names of the settings are those of Levy, Goldberg and Dagan 2015,
/// "Improving distributional similarity with lessons learned from word embeddings").
public struct SPPMISettings: Sendable, Equatable {
    /// Values of a vector.
    public var dimension = 300
    /// k: log k is taken off the mutual information, as skip-gram with k negative samples does.
    public var negative = 1
    /// The power of context counts in the distribution of contexts.
    public var contextPower = 0.75
    /// p in U S^p.
    public var eigenvalueWeight = 0.5
    public var seed: UInt64 = 1
    /// Power iterations of the decomposition.
    public var iterations = 3

    public init() {}
}
