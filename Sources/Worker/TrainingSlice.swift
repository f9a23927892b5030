// Which ids of a partition belong to a round: rounds divide all epochs, not each of them.

import Protocol

/// Part of one pass over a partition, and the shares of the whole training before and after it.
struct TrainingSlice: Equatable {
    let ids: Range<Int>
    let progress: ClosedRange<Double>

    /// Round `round` of `rounds` over `epochs` passes of `ids` ids. A round that crosses the end of
    /// a pass goes on at the beginning.
    static func passes(
        ids: Int, epochs: Int, round: Int, of rounds: TrainingCourse
    ) -> [TrainingSlice] {
        guard ids > 0 else { return [] }
        let total = Double(epochs)
        let begin = total * rounds.done(after: round)
        let end = total * rounds.done(after: round + 1)
        var slices: [TrainingSlice] = []
        var position = begin
        while position < end {
            let epoch = position.rounded(.down)
            let stop = min(end, epoch + 1)
            let first = Int(((position - epoch) * Double(ids)).rounded())
            let last = stop == epoch + 1 ? ids : Int(((stop - epoch) * Double(ids)).rounded())
            if first < last {
                slices.append(
                    TrainingSlice(ids: first..<last, progress: position / total...stop / total))
            }
            position = stop
        }
        return slices
    }
}
