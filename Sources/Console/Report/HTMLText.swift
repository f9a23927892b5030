// Text as it may stand in a page, whatever it says.

extension String {
    /// For text and for attributes in quotation marks. Control characters, which HTML does not
    /// allow, and those that turn the direction of what follows become U+FFFD.
    var escapedForHTML: String {
        var escaped = ""
        escaped.reserveCapacity(utf8.count)
        for scalar in unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\n", "\t": escaped.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value),
                "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}":
                escaped.unicodeScalars.append("\u{FFFD}")
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A word of any script, which leaves the direction of the text around it alone.
    var isolatedForHTML: String { "<bdi>\(escapedForHTML)</bdi>" }
}

extension Double {
    /// Three digits or so with a prefix of the SI: 1.25 M, 340 k, 0.0471.
    var compact: String {
        guard isFinite else { return "-" }
        for (size, sign) in [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")]
        where magnitude >= size * 0.99995 { return (self / size).shortened(2) + sign }
        return shortened(magnitude >= 10 ? 1 : magnitude >= 0.1 ? 3 : 6)
    }

    /// Without zeros at the end.
    private func shortened(_ places: Int) -> String {
        var text = fixed(places)[...]
        guard text.contains(".") else { return String(text) }
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return text == "-0" ? "0" : String(text)
    }
}
