// The figures of a training job that is over, for people and as JSON.

import Protocol

struct TrainingReport: Encodable {
    var job: String
    var output: String
    var vocabulary: Int
    /// Words that the model did not have from which this training went on; without one, all.
    var newWords: Int?
    var dimension: Int
    /// Occurrences of the vocabulary's words, over all epochs.
    var words: Double
    var seconds: Double
    var wordsPerSecond: Double
    var rounds: Int
    var partitions: Int
    var bytesSent: Double
    var secondsCounting: Double
    var secondsEncoding: Double
    var secondsTraining: Double
    /// Of these, how long no worker trained, because the changes of a round were being reduced.
    var secondsReducing: Double
    var loss: Double?
    var retries: Int
    var overlongTokens: Double
    var replacedTokens: Double
    /// The course of the training, round by round; nil if the coordinator kept none.
    var history: History?
    /// Nil if nothing was to be measured.
    var quality: WordQuality?
    /// The checkpoint that was written.
    var checkpoint: String?
    /// The page that was written.
    var report: String?

    /// The points with what follows from them.
    struct History: Encodable {
        let history: TrainingHistory

        private enum CodingKeys: String, CodingKey { case points, probes, unknownProbes }

        private struct Point: Encodable {
            let point: TrainingHistory.Point

            private enum CodingKeys: String, CodingKey { case wordsPerSecond, bytesPerWord }

            func encode(to encoder: any Encoder) throws {
                try point.encode(to: encoder)
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encodeIfPresent(point.wordsPerSecond, forKey: .wordsPerSecond)
                try container.encodeIfPresent(point.bytesPerWord, forKey: .bytesPerWord)
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(history.points.map(Point.init), forKey: .points)
            try container.encode(history.probes, forKey: .probes)
            try container.encode(history.unknownProbes, forKey: .unknownProbes)
        }
    }

    init(_ status: JobStatus, output: String) {
        func figure(_ name: String) -> Double { status.measures[name] ?? 0 }
        job = status.job.text
        self.output = output
        vocabulary = status.count("vocabulary")
        newWords = status.measures["newWords"].flatMap { Int(exactly: $0) }
        dimension = status.count("dimension")
        words = figure("training.words")
        secondsCounting = figure("seconds.counting")
        secondsEncoding = figure("seconds.encoding")
        secondsTraining = figure("seconds.training")
        secondsReducing = figure("secondsReducing")
        seconds = secondsCounting + secondsEncoding + secondsTraining
        wordsPerSecond = secondsTraining > 0 ? words / secondsTraining : 0
        rounds = status.count("rounds")
        partitions = status.count("partitions")
        bytesSent = figure("training.bytesSent") + figure("training.bytesReceived")
        let lossCount = figure("training.lossCount")
        loss = lossCount > 0 ? figure("training.lossSum") / lossCount : nil
        retries = status.retries
        overlongTokens = figure("overlongTokens")
        replacedTokens = figure("replacedTokens")
    }

    func show(asJSON: Bool) throws(Fault) {
        if asJSON { return try Terminal.outputJSON(self) }
        Terminal.say(
            "trained \(Double(vocabulary).grouped) words × \(dimension) in \(seconds.fixed(1)) s "
                + "(counting \(secondsCounting.fixed(1)), encoding \(secondsEncoding.fixed(1)), "
                + "training \(secondsTraining.fixed(1))): \(wordsPerSecond.grouped) words/s")
        if let newWords, newWords < vocabulary {
            Terminal.say("\(Double(newWords).grouped) words are new")
        }
        let pause = "\(secondsReducing.fixed(1)) s without training"
        Terminal.say(
            "averaged \(partitions) partition\(partitions == 1 ? "" : "s") in \(rounds) "
                + "round\(rounds == 1 ? "" : "s") (\(pause)), "
                + "\((bytesSent / max(words, 1)).fixed(0)) bytes a word sent"
                + (loss.map { ", loss \($0.fixed(4))" } ?? ""))
        Terminal.sayOfWords(overlong: overlongTokens, replaced: replacedTokens)
        for line in probeLines + (quality?.lines ?? []) { Terminal.say(line) }
        let written = [output] + [checkpoint, report].compactMap { $0 }
        Terminal.say("wrote \(written.joined(separator: " and "))")
    }
}

extension TrainingReport {
    /// The neighbours of each probe word at the end.
    private var probeLines: [String] {
        guard let history = history?.history else { return [] }
        let last = history.probes.last?.round
        let found = history.probes.filter { $0.round == last }.map { probe in
            "\(probe.word): \(probe.neighbours.map(\.word).joined(separator: " "))"
        }
        return found + history.unknownProbes.map { "\($0): not in the vocabulary" }
    }

    /// For the top of the page.
    var figures: [TrainingPage.Row] {
        var rows: [TrainingPage.Row] = [
            ("Job", job), ("Vectors", output), ("Vocabulary", Double(vocabulary).grouped),
            ("Words trained", words.grouped), ("Seconds", seconds.fixed(1)),
            (
                "Counting, encoding, training",
                [secondsCounting, secondsEncoding, secondsTraining].map { $0.fixed(1) }
                    .joined(separator: ", ")
            ),
            ("Of these without training, to reduce", secondsReducing.fixed(1)),
            ("Words a second", wordsPerSecond.grouped),
            ("Partitions", "\(partitions)"), ("Rounds", "\(rounds)"),
            ("Bytes sent and received", bytesSent.grouped),
            ("Bytes a word", (bytesSent / max(words, 1)).fixed(1)),
        ]
        if let loss { rows.append(("Mean loss", loss.fixed(4))) }
        rows.append(("Attempts repeated", "\(retries)"))
        return rows
    }
}

extension Terminal {
    /// What was done to words of the corpus, if anything was.
    static func sayOfWords(overlong: Double, replaced: Double) {
        if overlong > 0 { say("dropped \(overlong.grouped) words of more than 1,024 bytes") }
        if replaced > 0 { say("repaired \(replaced.grouped) words that were not UTF-8") }
    }
}
