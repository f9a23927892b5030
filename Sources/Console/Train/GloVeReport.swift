// The figures of a finished GloVe job.

import Protocol

struct GloVeReport: Encodable {
    var job: String
    var output: String
    var vocabulary: Int
    var dimension: Int
    /// Different pairs of words; two words in both orders are one.
    var pairs: Double
    /// Updates of a word and a context, over all epochs.
    var updates: Double
    var seconds: Double
    var updatesPerSecond: Double
    var rounds: Int
    var partitions: Int
    var bytesSent: Double
    var secondsCounting: Double
    var secondsEncoding: Double
    var secondsPairing: Double
    var secondsTraining: Double
    /// Mean over all updates of all epochs.
    var loss: Double?
    /// Updates left out because they were not finite.
    var skipped: Double
    var retries: Int
    var overlongTokens: Double
    var replacedTokens: Double

    init(_ status: JobStatus, output: String) {
        func figure(_ name: String) -> Double { status.measures[name] ?? 0 }
        job = status.job.text
        self.output = output
        vocabulary = status.count("vocabulary")
        dimension = status.count("dimension")
        pairs = figure("pairs")
        updates = figure("training.updates")
        secondsCounting = figure("seconds.counting")
        secondsEncoding = figure("seconds.encoding")
        secondsPairing = figure("seconds.pairing")
        secondsTraining = figure("seconds.training")
        seconds = secondsCounting + secondsEncoding + secondsPairing + secondsTraining
        updatesPerSecond = secondsTraining > 0 ? updates / secondsTraining : 0
        rounds = status.count("rounds")
        partitions = status.count("partitions")
        bytesSent =
            figure("pairing.bytesSent") + figure("training.bytesSent")
            + figure("training.bytesReceived")
        let lossCount = figure("training.lossCount")
        loss = lossCount > 0 ? figure("training.lossSum") / lossCount : nil
        skipped = figure("training.skipped")
        retries = status.retries
        overlongTokens = figure("overlongTokens")
        replacedTokens = figure("replacedTokens")
    }

    func show(asJSON: Bool) throws(Fault) {
        if asJSON { return try Terminal.outputJSON(self) }
        Terminal.say(
            "trained \(Double(vocabulary).grouped) words × \(dimension) in \(seconds.fixed(1)) s "
                + "(counting \(secondsCounting.fixed(1)), encoding \(secondsEncoding.fixed(1)), "
                + "pairing \(secondsPairing.fixed(1)), training \(secondsTraining.fixed(1))): "
                + "\(updatesPerSecond.grouped) updates/s")
        Terminal.say(
            "\(pairs.grouped) pairs in \(partitions) partition\(partitions == 1 ? "" : "s"), "
                + "\(rounds) round\(rounds == 1 ? "" : "s"), "
                + "\((bytesSent / 1e6).grouped) MB sent"
                + (loss.map { ", loss \($0.fixed(4))" } ?? ""))
        if skipped > 0 {
            Terminal.say("left out \(skipped.grouped) updates that were not finite; lower --eta")
        }
        Terminal.sayOfWords(overlong: overlongTokens, replaced: replacedTokens)
        Terminal.say("wrote \(output)")
    }
}
