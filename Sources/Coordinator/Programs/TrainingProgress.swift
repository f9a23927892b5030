// What a training job has decided and done, as its directory remembers it.

import FoundationEssentials
import Protocol

/// Small enough to be written whole whenever it changes; vocabulary and parameters are files of
/// their own.
struct TrainingProgress: Codable {
    /// Names the parameters: a job that begins anew trains others.
    var model: String
    /// Slots for which the counting round was cut.
    var countingWorkers: Int
    /// Slots for which encoding and training were cut; nil before the vocabulary is known.
    var trainingWorkers: Int?
    var corpusWords = 0.0

    private static let name = "progress"
    static let vocabularyName = "vocabulary"

    init(job: JobID, workers: Int) {
        model = "\(job)#\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        countingWorkers = workers
    }

    /// Nil if the job has not begun, or what it left cannot be read.
    init?(in directory: JobDirectory) {
        guard let frame = directory.load(Self.name),
            let known = try? JSONDecoder().decode(Self.self, from: Data(frame.bytes))
        else { return nil }
        self = known
    }

    func save(in directory: JobDirectory) throws(Fault) {
        guard let data = try? JSONEncoder().encode(self) else {
            throw Fault(.internalError, "the progress of job \(directory.job) cannot be written")
        }
        try directory.save(Frame(data), as: Self.name)
    }
}
