// The reproducible beginning of a matrix that is to be trained.

extension Matrix {
    /// Fills every row with values uniform in ±`bound`, by default ±0.5 / columns, as word2vec
    /// begins its input vectors. Each value depends on the seed, its row and its column alone, so
    /// every process makes the same. The padding stays zero.
    public func fillUniform(within bound: Float? = nil, seed: UInt64, threads: Int = 1) {
        let scale = 2 * (bound ?? 0.5 / Float(columns))
        _ = Parallel.map(count: rows, threads: threads) { part in
            for index in part { fillRow(index, scale: scale, seed: seed) }
        }
    }

    private func fillRow(_ index: Int, scale: Float, seed: UInt64) {
        let stream = SplitMix.derive(seed, UInt64(index))
        let values = row(index)
        for column in 0..<columns {
            // the upper 24 bits are a whole Float in 0..<1
            let unit = Float(SplitMix.derive(stream, UInt64(column)) >> 40) * 0x1p-24
            values[column] = (unit - 0.5) * scale
        }
    }
}
