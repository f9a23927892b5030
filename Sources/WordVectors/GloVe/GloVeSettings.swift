// The settings of GloVe training, and the limits of each.

/// How vectors are fitted to the logarithms of counts (Pennington et al. 2014, section 3): cells of
/// count X weigh f(X) = min(1, (X / xMax)^power). The defaults are the authors'.
public struct GloVeSettings: Sendable, Equatable {
    /// Values of a vector.
    public var dim: Int
    /// Counts from here on weigh 1.
    public var xMax: Double
    public var power: Double
    /// AdaGrad's rate.
    public var eta: Float

    /// - Throws: `WordTrainingError.setting` naming the setting, its value and its limits.
    public init(
        dim: Int = 50, xMax: Double = 100, power: Double = 0.75, eta: Float = 0.05
    ) throws(WordTrainingError) {
        self.dim = dim
        self.xMax = xMax
        self.power = power
        self.eta = eta
        guard (1...65_536).contains(dim) else {
            throw .setting(name: "dim", value: "\(dim)", limits: "1 to 65536")
        }
        guard xMax > 0, xMax.isFinite else {
            throw .setting(name: "x-max", value: "\(xMax)", limits: "above 0")
        }
        guard power >= 0, power <= 4 else {
            throw .setting(name: "power", value: "\(power)", limits: "0 to 4")
        }
        guard eta > 0, eta <= 1 else {
            throw .setting(name: "eta", value: "\(eta)", limits: "above 0 and at most 1")
        }
    }
}
