// How ids stand in a file with one on each line.

public enum DocumentID {
    /// As it is; as a JSON string if it begins with a quote, or has control characters or anything
    /// else that some reader takes for the end of a line.
    public static func line(_ id: String) -> String {
        let breaks: [ClosedRange<UInt32>] = [0...0x1f, 0x7f...0x9f, 0x2028...0x2029]
        let isPlain =
            id.utf8.first != UInt8(ascii: "\"")
            && !id.unicodeScalars.contains { scalar in
                breaks.contains { $0.contains(scalar.value) }
            }
        return isPlain ? id : quoted(id)
    }

    /// A JSON string, on one line for every reader.
    public static func quoted(_ id: String) -> String {
        var quoted = "\""
        for scalar in id.unicodeScalars {
            switch scalar.value {
            case 0x22: quoted += "\\\""
            case 0x5c: quoted += "\\\\"
            case 0..<0x20, 0x7f...0x9f, 0x2028...0x2029:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
