// Puts one look after the other where people see it: in place on a terminal, in blocks elsewhere.

/// On a terminal each look is drawn over the one before; nothing is left half drawn.
struct TopDisplay {
    private var drawn = 0
    private var size: (columns: Int, rows: Int) = (0, 0)
    private var isFirst = true

    mutating func show(_ view: TopView, note: String?) {
        guard Terminal.isScreen else {
            let lines = TopScreen(columns: nil, rows: nil).lines(view).map(\.text)
            let text = (isFirst ? "" : "\n") + lines.joined(separator: "\n") + "\n"
            Terminal.outputRaw(text + (note.map { $0 + "\n" } ?? ""))
            isFirst = false
            return
        }
        let size = Terminal.size
        // Lines that a narrower terminal has broken can no longer be counted.
        let isResized = !isFirst && size != self.size
        self.size = size
        var text = isResized ? "\u{1B}[H\u{1B}[2J" : drawn > 0 ? "\u{1B}[\(drawn)A\r" : ""
        var lines = TopScreen(columns: size.columns, rows: size.rows).lines(view)
        lines = Array(lines.prefix(max(1, size.rows - 2)))
        lines.append(TopScreen.Line(text: note ?? "", style: .alarm))
        for line in lines { text += styled(line) + "\u{1B}[K\n" }
        Terminal.outputRaw(text + "\u{1B}[J")
        drawn = lines.count
        isFirst = false
    }

    private func styled(_ line: TopScreen.Line) -> String {
        guard Terminal.isColoured else { return line.text }
        return switch line.style {
        case .plain: line.text
        case .heading: "\u{1B}[1m\(line.text)\u{1B}[0m"
        case .faint: "\u{1B}[2m\(line.text)\u{1B}[0m"
        case .alarm: "\u{1B}[31m\(line.text)\u{1B}[0m"
        }
    }
}
