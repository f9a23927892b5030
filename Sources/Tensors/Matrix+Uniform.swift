// The reproducible beginning of a matrix that is to be trained.

extension Matrix {
    /// Fills every row with values uniform in ±0.5 / columns, as word2vec begins its input vectors.
    /// Each value depends on the seed, its row and its column alone, so every process makes the
    /// same. The padding stays zero.
    public func fillUniform(seed: UInt64, threads: Int = 1) {
        _ = Parallel.map(count: rows, threads: threads) { part in
            for index in part { fillRow(index, seed: seed) }
        }
    }

    private func fillRow(_ index: Int, seed: UInt64) {
        let stream = SplitMix.derive(seed, UInt64(index))
        let values = row(index)
        let scale = 1 / Float(columns)
        for column in 0..<columns {
            // the upper 24 bits are a whole Float in 0..<1
            let unit = Float(SplitMix.derive(stream, UInt64(column)) >> 40) * 0x1p-24
            values[column] = (unit - 0.5) * scale
        }
    }
}
