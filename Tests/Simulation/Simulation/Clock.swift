// A process's own clock: started at another time, and a little too fast or too slow.

import Cluster

struct Clock {
    private let offset: Int64
    private let driftPPM: Int64

    init(offset: Int64, driftPPM: Int) {
        self.offset = offset
        self.driftPPM = Int64(driftPPM)
    }

    /// What the clock shows at `time` of the world.
    func moment(_ time: Int64) -> Moment {
        Moment(milliseconds: offset + time + time * driftPPM / 1_000_000)
    }

    /// When the clock will show at least `moment`; after `now`.
    func time(of moment: Moment, after now: Int64) -> Int64 {
        let wait = moment.milliseconds - self.moment(now).milliseconds
        guard wait > 0 else { return now + 1 }
        return now + wait + (driftPPM < 0 ? wait * -driftPPM / 1_000_000 + 1 : 0)
    }
}
