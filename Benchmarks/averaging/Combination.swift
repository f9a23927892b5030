// Rules that make one change of a row from those of several workers.

import Glibc

struct Combination {
    private let variant: Variant
    private let reduction: String

    init(variant: Variant, round: Int) {
        self.variant = variant
        reduction = round < variant.meanRounds ? "mean" : variant.reduction
    }

    /// Leaves the combined change in `sum`. `deltas` are overwritten.
    ///
    /// - Parameters:
    ///   - deltas: of the workers that touched the row, at least one.
    ///   - updates: of the row by one worker since it was averaged before, on average.
    ///   - contraction: how much of a row's way to where one worker pulls it an update goes.
    /// - Returns: the share of the sum of all deltas that the change is, for a per-row momentum.
    func combine(
        _ deltas: [(worker: Int, delta: Row)], into sum: Row, updates: Double,
        contraction: Double, parameters: Row, owner: Int
    ) -> Float {
        guard variant.trust > 0 else {
            return merge(
                deltas, into: sum, updates: updates, contraction: contraction, owner: owner)
        }
        let furthest = deltas.reduce(0) { max($0, $1.delta.dot($1.delta).squareRoot()) }
        let limit = max(furthest, Float(variant.trust) * parameters.dot(parameters).squareRoot())
        let share = merge(
            deltas, into: sum, updates: updates, contraction: contraction, owner: owner)
        let length = sum.dot(sum).squareRoot()
        guard length > limit else { return share }
        sum.scale(limit / length)
        return share * limit / length
    }

    private func merge(
        _ deltas: [(worker: Int, delta: Row)], into sum: Row, updates: Double,
        contraction: Double, owner: Int
    ) -> Float {
        sum.clear()
        switch reduction {
        case "combiner": combiner(deltas, sum)
        case "adasum": sum.set(adasum(deltas.map(\.delta)[...]))
        case "diversity": return diversity(deltas, sum)
        case "owner":
            for (worker, delta) in deltas where worker == owner { sum.add(1, delta) }
        default:
            let share = share(touched: deltas.count, updates: updates, contraction: contraction)
            for (_, delta) in deltas { sum.add(share, delta) }
            return share
        }
        return 1
    }

    /// The share of a row that nobody touched, for its momentum.
    func shareAtRest(updates: Double, contraction: Double) -> Float {
        reduction == "saturating"
            ? share(touched: 1, updates: updates, contraction: contraction) : 1
    }

    private func share(touched: Int, updates: Double, contraction: Double) -> Float {
        switch reduction {
        case "power": Float(pow(Double(touched), -variant.power))
        case "saturating":
            // One worker's k updates go 1 - e^-ck of the way to where it pulls; the Nk updates
            // of all, one after another, would have gone 1 - e^-cNk of it.
            Float(saturation(contraction * updates, Double(variant.workers)))
        default: 1 / Float(variant.workers)
        }
    }

    private func saturation(_ way: Double, _ workers: Double) -> Double {
        way < 1e-6 ? 1 : expm1(-way * workers) / expm1(-way) / workers
    }

    /// The sum, times the diversity of the deltas where that is below 1 (Yin et al. 2018, Gradient
    /// Diversity, definition 1): the sum of what differs, the mean of what agrees.
    private func diversity(_ deltas: [(worker: Int, delta: Row)], _ sum: Row) -> Float {
        var squares: Float = 0
        for (_, delta) in deltas {
            squares += delta.dot(delta)
            sum.add(1, delta)
        }
        let square = sum.dot(sum)
        let share = square > squares ? squares / square : 1
        sum.scale(share)
        return share
    }

    /// GraphAny2Vec (Gill et al. 2020): each delta without its part parallel to the sum so far.
    private func combiner(_ deltas: [(worker: Int, delta: Row)], _ sum: Row) {
        for (_, delta) in deltas {
            let square = sum.dot(sum)
            if square > 0 { delta.add(-sum.dot(delta) / square, sum) }
            sum.add(1, delta)
        }
    }

    /// Adasum (Maleki et al. 2020): pairs along a tree, the sum of what is orthogonal and the mean
    /// of what is parallel.
    private func adasum(_ deltas: ArraySlice<Row>) -> Row {
        let first = deltas[deltas.startIndex]
        guard deltas.count > 1 else { return first }
        let middle = deltas.startIndex + deltas.count / 2
        let left = adasum(deltas[..<middle]), right = adasum(deltas[middle...])
        let dot = left.dot(right), leftSquare = left.dot(left), rightSquare = right.dot(right)
        if leftSquare > 0 { left.scale(1 - dot / (2 * leftSquare)) }
        if rightSquare > 0 { left.add(1 - dot / (2 * rightSquare), right) }
        return left
    }
}
