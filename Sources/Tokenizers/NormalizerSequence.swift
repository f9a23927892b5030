// Several normalizers in a row, and what they do to the start of a text.

extension [Normalizer] {
    /// What all steps make of `text`: in one of the buffers, or (a part of) `text` itself.
    func apply(_ text: Bytes, _ buffers: inout TextBuffers) -> Bytes {
        var lead = 0
        return apply(text, &buffers, lead: &lead)
    }

    /// The same, and how much of it comes from the first character.
    ///
    /// - lead: how many bytes at the start of `text`, and then of the result, come from the first
    ///   character of the original. It is followed only if it is not 0.
    func apply(_ text: Bytes, _ buffers: inout TextBuffers, lead: inout Int) -> Bytes {
        var current = text
        var writesFirst = true
        buffers.most = Normalizer.bytesMax(text)
        for step in self where current.count <= buffers.most {
            // A step may return (a part of) its input, which must then not be written to.
            let isInFirst = buffers.first.holds(current)
            let isInSecond = buffers.second.holds(current)
            writesFirst = isInFirst ? false : isInSecond ? true : writesFirst
            let before = current
            if lead > 0 { lead = buffers.lead(step, current, lead, writesFirst: writesFirst) }
            current = buffers.apply(step, current, writesFirst: writesFirst)
            if lead > 0 { lead = Self.adjusted(lead, step, before, current) }
        }
        return current
    }

    private static func adjusted(
        _ lead: Int, _ step: Normalizer, _ before: Bytes, _ after: Bytes
    ) -> Int {
        var lead = lead
        if case .strip = step { lead -= after.start - before.start }
        lead = Swift.max(0, Swift.min(lead, after.count))
        while lead > 0, lead < after.count, after[lead] & 0xc0 == 0x80 { lead += 1 }
        return lead
    }
}

extension TextBuffers {
    fileprivate mutating func apply(
        _ step: Normalizer, _ text: Bytes, writesFirst: Bool
    ) -> Bytes {
        writesFirst
            ? step.apply(text, &first, &scalars, &sorted, most: most)
            : step.apply(text, &second, &scalars, &sorted, most: most)
    }

    /// How many bytes at the start of the result will come from the first `lead` of `text`.
    fileprivate mutating func lead(
        _ step: Normalizer, _ text: Bytes, _ lead: Int, writesFirst: Bool
    ) -> Int {
        switch step {
        case .strip: return lead
        case .prepend(let content): return lead + content.count
        case .replace(let pattern, let content):
            // What replaces a match counts as its last character.
            guard let match = pattern.next(text, 0), match.start == 0 else { return lead }
            return match.end <= lead ? content.count + lead - match.end : 0
        default:
            let kept = apply(step, text.slice(0, min(lead, text.count)), writesFirst: writesFirst)
            // The library loses sight of a character that its map deletes.
            if case .precompiled = step { return max(kept.count, 1) }
            return kept.count
        }
    }
}
