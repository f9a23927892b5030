// Which bucket of MPNet's and T5's relative position bias a distance falls into.

import Glibc

enum RelativePositions {
    /// Distances up to a quarter of the buckets have one each, in either direction; the others
    /// share, on a logarithmic scale, up to `distanceMax` (Raffel et al. 2020, section 2.1).
    ///
    /// - Parameter offset: position of the key minus position of the query.
    static func bucket(_ offset: Int, buckets: Int = 32, distanceMax: Int = 128) -> Int {
        let half = buckets / 2
        let exact = half / 2
        let base = offset > 0 ? half : 0
        let distance = abs(offset)
        guard distance >= exact else { return base + distance }
        // In single precision as the reference does it, for the borders between buckets.
        let share = logf(Float(distance) / Float(exact))
            / Float(log(Double(distanceMax) / Double(exact)))
        return base + min(exact + Int(share * Float(half - exact)), half - 1)
    }
}
