// An estimate for people.

import Protocol

extension TrainingEstimate {
    func show(asJSON: Bool) throws(Fault) {
        if asJSON { return try Terminal.outputJSON(self) }
        lines.forEach(Terminal.output)
    }

    private var lines: [String] {
        let share = 100 * Double(sampledBytes) / Double(max(corpusBytes, 1))
        return Table.lines([
            [
                "looked at",
                "\(sampledBytes.asBytes) of \(corpusBytes.asBytes) (\(share.fixed(1)) %)",
            ],
            [
                "vocabulary",
                "about \(Double(vocabulary).grouped) words of "
                    + "\(corpusWords.grouped) (Heaps' exponent \(exponent.fixed(2)))"
                    + (buckets > 0 ? " and \(Double(buckets).grouped) n-grams" : ""),
            ],
            [
                "plan",
                "\(partitions) partition\(partitions == 1 ? "" : "s"), \(rounds) "
                    + "round\(rounds == 1 ? "" : "s") of \(wordsPerRound.grouped) words",
            ],
            ["memory", "\(workerBytes.asBytes) a worker, \(coordinatorBytes.asBytes) coordinator"],
            [
                "disk",
                "\(diskBytes.asBytes) while it runs, \(outputBytes.asBytes) of vectors; "
                    + "\(checkpointBytes.asBytes) of checkpoints on a cluster that stays",
            ],
            [
                "traffic",
                "about \((bytesSent + bytesReceived).asBytes): "
                    + "\(bytesSentPerWord.fixed(1)) bytes a word up, "
                    + "\(bytesReceivedPerWord.fixed(1)) down",
            ],
            [
                "time",
                "\(seconds.clock) (counting \(secondsCounting.fixed(1)) s, encoding "
                    + "\(secondsEncoding.fixed(1)) s, training \(secondsTraining.fixed(1)) s at "
                    + "\(wordsPerSecond.grouped) words/s), without waiting for averages",
            ],
        ])
    }
}

extension Int {
    var asBytes: String { Double(self).asBytes }
}

extension Double {
    var asBytes: String { compact + (compact.contains(" ") ? "B" : " B") }
}
