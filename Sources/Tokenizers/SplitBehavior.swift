// What becomes of the matches of a pattern that cuts a text.

enum SplitBehavior: String {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"

    /// Cuts `range` into what lies between matches and the matches themselves, as told.
    ///
    /// - isInverted: what lies between counts as the match.
    /// - next: the first match at or behind a place.
    @inline(__always)
    func split(
        _ range: WordRange, _ output: inout Growing<WordRange>, isInverted: Bool = false,
        _ next: (Int) -> WordRange?
    ) {
        var cutter = Cutter(behavior: self)
        var place = range.start
        while place < range.end, let match = next(place), match.end > match.start {
            if match.start > place {
                cutter.take(WordRange(start: place, end: match.start), isInverted, &output)
            }
            cutter.take(match, !isInverted, &output)
            place = match.end
        }
        if place < range.end {
            cutter.take(WordRange(start: place, end: range.end), isInverted, &output)
        }
        cutter.finish(&output)
    }
}

/// Puts pieces together that a behaviour keeps together.
private struct Cutter {
    let behavior: SplitBehavior
    private var wasMatch = false
    private var isFirst = true
    /// A match that may go with what follows.
    private var waiting: WordRange?

    init(behavior: SplitBehavior) { self.behavior = behavior }

    @inline(__always)
    mutating func take(
        _ piece: WordRange, _ isMatch: Bool, _ output: inout Growing<WordRange>
    ) {
        switch behavior {
        case .isolated: output.append(piece)
        case .removed: if !isMatch { output.append(piece) }
        case .contiguous: join(piece, isMatch == wasMatch && !isFirst, &output)
        case .mergedWithPrevious: join(piece, isMatch && !wasMatch && !isFirst, &output)
        case .mergedWithNext:
            if let held = waiting {
                waiting = isMatch ? piece : nil
                output.append(
                    isMatch ? held : WordRange(start: held.start, end: piece.end))
            } else if isMatch {
                waiting = piece
            } else {
                output.append(piece)
            }
        }
        (wasMatch, isFirst) = (isMatch, false)
    }

    private func join(_ piece: WordRange, _ joins: Bool, _ output: inout Growing<WordRange>) {
        if joins {
            output[output.count - 1] = WordRange(
                start: output[output.count - 1].start, end: piece.end)
        } else {
            output.append(piece)
        }
    }

    mutating func finish(_ output: inout Growing<WordRange>) {
        if let held = waiting { output.append(held) }
        waiting = nil
    }
}
