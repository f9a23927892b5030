// What people read: sentences and progress on standard error, data on standard output.

import FoundationEssentials
import Glibc
import Protocol
import Synchronization

enum Terminal {
    static let isInteractive = isatty(STDERR_FILENO) == 1

    /// Whether standard output is a terminal that can move its cursor.
    static let isScreen: Bool = {
        let kind = getenv("TERM").map { String(cString: $0) } ?? "dumb"
        return isatty(STDOUT_FILENO) == 1 && kind != "dumb" && !kind.isEmpty
    }()

    /// Whether data may be coloured; https://no-color.org says how to refuse.
    static let isColoured = isScreen && (getenv("NO_COLOR").map { $0.pointee == 0 } ?? true)

    /// Columns and rows of standard output; 80 by 24 where nobody says.
    static var size: (columns: Int, rows: Int) {
        var window = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0,
            window.ws_row > 0
        else { return (80, 24) }
        return (Int(window.ws_col), Int(window.ws_row))
    }

    /// Why standard output took less than it was given; 0 if it took everything.
    private static let refusal = Atomic<Int32>(0)

    /// - Throws: a `Fault` with code `output` if data was lost.
    static func checkOutput() throws(Fault) {
        let reason = refusal.load(ordering: .relaxed)
        guard reason != 0 else { return }
        throw Fault(
            .output, "standard output takes no more: \(String(cString: strerror(reason)))")
    }

    /// Text on standard output as it is.
    static func outputRaw(_ text: String) { putData(text) }

    /// One line on standard error.
    static func say(_ line: String) { _ = put(line + "\n", STDERR_FILENO) }

    /// One line on standard output; that it did not get there is told at the end.
    static func output(_ line: String) { putData(line + "\n") }

    /// Replaces the current line of an interactive standard error.
    static func redraw(_ line: String) { _ = put("\r\u{1B}[K" + line, STDERR_FILENO) }

    static func outputJSON(_ value: some Encodable, isPretty: Bool = true) throws(Fault) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        do { output(String(decoding: try encoder.encode(value), as: UTF8.self)) } catch {
            throw Fault(.internalError, "the result cannot be written as JSON: \(error)")
        }
        try checkOutput()
    }

    private static func putData(_ text: String) {
        let reason = put(text, STDOUT_FILENO)
        // Who has read enough and closed the pipe misses nothing.
        if reason != 0, reason != EPIPE { refusal.store(reason, ordering: .relaxed) }
    }

    /// - Returns: the error that kept the text from being written; 0 if there was none.
    private static func put(_ text: String, _ descriptor: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { bytes in
            var left = UnsafeRawBufferPointer(bytes)
            while !left.isEmpty {
                let written = write(descriptor, left.baseAddress, left.count)
                if written < 0 && errno == EINTR { continue }
                guard written > 0 else { return written < 0 ? errno : EIO }
                left = UnsafeRawBufferPointer(rebasing: left[written...])
            }
            return 0
        }
    }
}

extension Double {
    /// `1234567` as `1,234,567`.
    var grouped: String {
        guard isFinite, magnitude < 1e15 else { return "\(self)" }
        var digits = Array(String(Int(self.rounded()).magnitude))
        var position = digits.count - 3
        while position > 0 {
            digits.insert(",", at: position)
            position -= 3
        }
        return (self < 0 ? "-" : "") + String(digits)
    }

    func fixed(_ places: Int) -> String {
        guard isFinite, magnitude < 1e12 else { return "\(self)" }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = Int((self * scale).rounded())
        guard places > 0 else { return "\(scaled)" }
        let fraction = String(scaled.magnitude % Int(scale).magnitude)
        let padding = String(repeating: "0", count: places - fraction.count)
        let whole = scaled.magnitude / Int(scale).magnitude
        return (scaled < 0 ? "-" : "") + "\(whole).\(padding)\(fraction)"
    }

    /// Seconds as `1:02:03` or `2:03`.
    var clock: String {
        guard isFinite, self >= 0, self < 1e9 else { return "-" }
        let seconds = Int(self.rounded())
        let tail = seconds % 60 < 10 ? "0\(seconds % 60)" : "\(seconds % 60)"
        let minutes = seconds / 60 % 60
        if seconds < 3_600 { return "\(minutes):\(tail)" }
        return "\(seconds / 3_600):\(minutes < 10 ? "0" : "")\(minutes):\(tail)"
    }
}
