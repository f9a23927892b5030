// The figures of a search for phrases.

import Protocol
import Tensors
import Transport

struct PhrasesReport: Encodable {
    let job: String
    let output: String
    /// Phrases found by each pass.
    let phrases: [Int]
    /// Words of the text, phrases of the passes before the last taken as one.
    let words: Double
    let seconds: Double
    let secondsCounting: Double
    let secondsJoining: Double
    let retries: Int
    let overlongTokens: Double
    let replacedTokens: Double

    init(_ status: JobStatus, _ found: [FoundPhrases], joining: Double, output: String) {
        func figure(_ name: String) -> Double { status.measures[name] ?? 0 }
        job = status.job.text
        self.output = output
        phrases = found.map(\.scores.count)
        words = figure("corpusWords")
        secondsCounting = figure("seconds.counting")
        secondsJoining = joining
        seconds = secondsCounting + joining
        retries = status.retries
        overlongTokens = figure("overlongTokens")
        replacedTokens = figure("replacedTokens")
    }

    func show(asJSON: Bool) throws(Fault) {
        if asJSON { return try Terminal.outputJSON(self) }
        let counts = phrases.map { Double($0).grouped }.joined(separator: " + ")
        Terminal.say(
            "found \(counts) phrases in \(words.grouped) words in \(seconds.fixed(1)) s "
                + "(counting \(secondsCounting.fixed(1)), joining \(secondsJoining.fixed(1)))")
        if overlongTokens > 0 {
            Terminal.say("passed over \(overlongTokens.grouped) words of more than 1,024 bytes")
        }
        Terminal.say("wrote \(output)")
    }
}
