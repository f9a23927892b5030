// Texts become ids.

extension Tokenizer {
    /// The buffers that a thread keeps between texts.
    public struct Scratch {
        /// Shared by copies until one of them is used.
        private var box = WorkspaceBox()

        public init() {}

        fileprivate mutating func own() -> WorkspaceBox {
            if !isKnownUniquelyReferenced(&box) { box = WorkspaceBox() }
            return box
        }
    }

    /// Appends the ids of `text` with the special tokens around it.
    ///
    /// - text: UTF-8; what is none becomes U+FFFD.
    /// - limit: how many ids may be appended, special ones included (nil: as many as there
    ///   are); the end is cut off, or the beginning if the settings say so.
    /// - Returns: how many ids there would be without the limit.
    @discardableResult
    public func encode(
        _ text: UnsafeRawBufferPointer, limit: Int?, into ids: inout [Int32],
        using scratch: inout Scratch
    ) -> Int {
        let box = scratch.own()
        return encode(text, limit: limit, into: &ids, &box.workspace)
    }

    private func encode(
        _ text: UnsafeRawBufferPointer, limit: Int?, into ids: inout [Int32],
        _ workspace: inout Workspace
    ) -> Int {
        gather(text, &workspace)
        let total = workspace.ids.count + parts.postProcessor.singleSpecials
        let limit = max(0, limit ?? total)
        let room = max(0, min(total, limit) - parts.postProcessor.singleSpecials)
        let output = Output(ids: ids.count + limit, cutsFront: parts.cutsFront)
        for piece in parts.postProcessor.single {
            switch piece {
            case .special(let special, _): output.append(special, &ids)
            case .text: output.append(workspace.ids, min(room, workspace.ids.count), &ids)
            }
        }
        workspace.settle()
        return total
    }

    /// Appends the ids of a pair, and for each id its type as the file has it. If both together
    /// are too long, the longer one is cut first, in the same way.
    ///
    /// - Returns: how many ids there would be without the limit.
    @discardableResult
    public func encodePair(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, limit: Int?,
        into ids: inout [Int32], types: inout [UInt8], using scratch: inout Scratch
    ) -> Int {
        let box = scratch.own()
        return encodePair(first, second, limit, &ids, &types, &box.workspace)
    }

    private func encodePair(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, _ limit: Int?,
        _ ids: inout [Int32], _ types: inout [UInt8], _ workspace: inout Workspace
    ) -> Int {
        gather(second, &workspace)
        swap(&workspace.ids, &workspace.pairedIDs)
        gather(first, &workspace)
        let specials = parts.postProcessor.pairSpecials
        let counts = (first: workspace.ids.count, second: workspace.pairedIDs.count)
        let total = counts.first + counts.second + specials
        let limit = max(0, limit ?? total)
        let kept = PostProcessor.longestFirst(
            counts.first, counts.second, most: max(0, min(total, limit) - specials))
        let output = Output(ids: ids.count + limit, cutsFront: parts.cutsFront)
        for piece in parts.postProcessor.pair {
            let before = ids.count
            let pieceType: UInt8
            switch piece {
            case .special(let special, let type):
                output.append(special, &ids)
                pieceType = type
            case .text(let isSecond, let type):
                if isSecond {
                    output.append(workspace.pairedIDs, kept.second, &ids)
                } else {
                    output.append(workspace.ids, kept.first, &ids)
                }
                pieceType = type
            }
            types.append(contentsOf: repeatElement(pieceType, count: ids.count - before))
        }
        workspace.settle()
        return total
    }

    /// Puts the ids of a text, without special ones, into `workspace.ids`.
    private func gather(_ raw: UnsafeRawBufferPointer, _ workspace: inout Workspace) {
        workspace.cache.belong(to: identity)
        workspace.ids.count = 0
        guard let start = raw.baseAddress, raw.count > 0 else { return }
        let bytes = Bytes(start: start.assumingMemoryBound(to: UInt8.self), count: raw.count)
        let text = Text.repaired(bytes, &workspace.repaired)
        guard !parts.added.isEmpty else {
            return encode(stretch: text, isAtStart: true, &workspace)
        }
        parts.added.walk(text, &workspace) { gap, workspace in
            encode(
                stretch: text.slice(gap.start, gap.end), isAtStart: gap.start == 0, &workspace)
        } found: { id, workspace in
            workspace.ids.append(id)
        }
    }

    /// What lies between added tokens: normalized, and searched for those that may be, too.
    private func encode(stretch: Bytes, isAtStart: Bool, _ workspace: inout Workspace) {
        guard stretch.count > 0 else { return }
        var lead = isAtStart && needsStart ? Text.width(stretch[0]) : 0
        let text = parts.normalizers.apply(stretch, &workspace.text, lead: &lead)
        let isAtStart = lead > 0
        guard text.count > 0 else { return }
        guard !parts.addedNormalized.isEmpty else {
            return encode(normalized: text, isAtStart: isAtStart, &workspace)
        }
        parts.addedNormalized.walk(text, &workspace) { gap, workspace in
            encode(
                normalized: text.slice(gap.start, gap.end),
                isAtStart: isAtStart && gap.start == 0, &workspace)
        } found: { id, workspace in
            workspace.ids.append(id)
        }
    }

    private func encode(normalized: Bytes, isAtStart: Bool, _ workspace: inout Workspace) {
        var text = normalized
        var isAtStart = isAtStart
        workspace.words.first.count = 0
        workspace.words.first.append(WordRange(start: 0, end: text.count))
        for step in parts.preTokenizers {
            if let rewritten = workspace.words.rewrite(step, text, isAtStart: isAtStart) {
                text = rewritten
            }
            step.split(text, workspace.words.first, &workspace.words.second)
            swap(&workspace.words.first, &workspace.words.second)
            guard workspace.words.first.count > 0 else { return }
            isAtStart = isAtStart && workspace.words.first[0].start == 0
        }
        parts.model.encode(
            text, workspace.words.first, &workspace.ids, &workspace.model, workspace.cache)
    }
}

extension WordBuffers {
    /// Lets a step change the text; the ranges move with it.
    fileprivate mutating func rewrite(
        _ step: PreTokenizer, _ text: Bytes, isAtStart: Bool
    ) -> Bytes? {
        let changed =
            firstText.holds(text)
            ? step.rewritten(text, first, isAtStart: isAtStart, &secondText, &second)
            : step.rewritten(text, first, isAtStart: isAtStart, &firstText, &second)
        if changed != nil { swap(&first, &second) }
        return changed
    }
}

/// Appends ids up to a limit.
private struct Output {
    /// How many there may be in the array.
    let ids: Int
    /// Whether the beginning of a text is left out, rather than its end.
    let cutsFront: Bool

    func append(_ special: [Int32], _ output: inout [Int32]) {
        output.append(contentsOf: special.prefix(max(0, ids - output.count)))
    }

    func append(_ source: borrowing Growing<Int32>, _ count: Int, _ output: inout [Int32]) {
        let count = max(0, min(count, ids - output.count))
        let first = source.start + (cutsFront ? source.count - count : 0)
        output.append(contentsOf: UnsafeBufferPointer(start: first, count: count))
    }
}

/// Gives a workspace the place in memory that copies of a scratch share.
final class WorkspaceBox {
    var workspace = Workspace()
}
