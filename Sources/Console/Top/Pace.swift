// How fast jobs go, from what a listing said now and a while ago.

import Protocol

/// The rate of one job's stage, over the last seconds of the one who looks.
struct Pace: Sendable, Equatable {
    /// In the unit of the stage.
    let perSecond: Double
    /// Until the end of the stage; nil if nothing moves.
    let secondsLeft: Double?
}

/// The progress of jobs over the last while.
struct PaceKeeper {
    private struct Sample {
        let seconds: Double
        let done: Double
    }

    private struct Course {
        let stage: String
        var samples: [Sample]
    }

    private let windowSeconds: Double
    private var courses: [JobID: Course] = [:]

    /// - Parameter windowSeconds: longer is steadier, and later to notice.
    init(windowSeconds: Double) { self.windowSeconds = windowSeconds }

    /// - Parameter seconds: of a clock that never steps.
    mutating func note(_ jobs: [JobStatus], atSeconds seconds: Double) {
        var kept: [JobID: Course] = [:]
        for job in jobs where job.state == .running && job.progress.total > 0 {
            var course = courses[job.job] ?? Course(stage: job.stage, samples: [])
            if course.stage != job.stage { course = Course(stage: job.stage, samples: []) }
            course.samples.append(Sample(seconds: seconds, done: job.progress.done))
            // One that is older than the window stays, so that there are always two.
            while course.samples.count > 2, seconds - course.samples[1].seconds > windowSeconds {
                course.samples.removeFirst()
            }
            kept[job.job] = course
        }
        courses = kept
    }

    /// Nil until the job was seen twice in its stage.
    func pace(of job: JobStatus) -> Pace? {
        guard let samples = courses[job.job]?.samples, let first = samples.first,
            let last = samples.last, last.seconds > first.seconds
        else { return nil }
        // A unit that is lost takes its progress with it.
        let rate = max(0, (last.done - first.done) / (last.seconds - first.seconds))
        let left = max(0, job.progress.total - last.done)
        return Pace(perSecond: rate, secondsLeft: rate > 0 ? left / rate : nil)
    }
}

extension JobStatus {
    /// What progress is counted in.
    var unitOfWork: String {
        switch stage {
        case "training": kind == "train-glove" ? "pairs" : "words"
        case "pairing": "words"
        case "factorising": "steps"
        default: "bytes"
        }
    }

    /// Part of the stage that is done, from 0 to 1; nil while it is unknown.
    var fraction: Double? {
        if state == .finished { return 1 }
        guard state == .running, progress.total > 0 else { return nil }
        return min(max(progress.done / progress.total, 0), 1)
    }
}
