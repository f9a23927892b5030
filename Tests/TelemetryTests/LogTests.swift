// Log lines are lines, whatever is in them, and nobody who logs is kept waiting.

import Foundation
import Testing
import TestSupport

@testable import Telemetry

@Suite("Log lines")
struct LogLineTests {
    private func object(_ record: LogRecord) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(record.line(.json).utf8))
        return try #require(object as? [String: Any])
    }

    @Test("a moment is written in ISO 8601 and UTC, as the system's own calendar has it")
    func timestamps() {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        var numbers = Numbers(7)
        let edges: [Int64] = [
            0, -1, 951_782_400_000, 951_868_799_999, 1_709_164_800_000, 4_107_542_400_000,
        ]
        // From 1900 to 2400: the calendars before 1582 differ.
        let moments = edges + (0..<2_000).map { _ in
            Int64.random(in: -2_208_988_800_000...13_569_465_600_000, using: &numbers)
        }
        for moment in moments {
            let date = Date(timeIntervalSince1970: Double(moment) / 1_000)
            #expect(Timestamp(moment).description == formatter.string(from: date))
        }
        #expect(Timestamp(.max).description == "9999-12-31T23:59:59.999Z")
    }

    @Test("a line of JSON says again what was logged, whatever its characters")
    func roundTrip() throws {
        let nasty = "\u{0}\u{1}\u{1B}[2J\"\\/\n\r\t\u{7F}\u{85}\u{2028}ü😀\u{FFFD}</script>"
        let record = LogRecord(
            atMilliseconds: 1_000, level: "warning", program: "p\"", message: nasty,
            metadata: [nasty: nasty, "worker": "w"])
        let line = record.line(.json)
        #expect(!line.unicodeScalars.contains { $0.value < 32 || $0 == "\u{2028}" })
        let object = try object(record)
        #expect(object["message"] as? String == nasty)
        #expect(object["time"] as? String == "1970-01-01T00:00:01.000Z")
        #expect(object["level"] as? String == "warning")
        #expect(object["program"] as? String == "p\"")
        #expect(object["metadata"] as? [String: String] == [nasty: nasty, "worker": "w"])
    }

    @Test("a name with a newline in it forges no line of text")
    func forgery() {
        let record = LogRecord(
            atMilliseconds: 0, level: "info", program: "p", message: "hello\nerror p: forged",
            metadata: ["name": "a\rb\u{1B}c"])
        let expected = #"1970-01-01T00:00:00.000Z info p: hello\nerror p: forged name=a\rb\u001bc"#
        #expect(record.line(.text) == expected)
    }

    @Test(
        "a line has a bounded length, and ends where a character does",
        arguments: LogFormat.allCases)
    func length(format: LogFormat) {
        let long = String(repeating: "é", count: 1 << 20)
        let metadata = Dictionary(uniqueKeysWithValues: (0..<100).map { ("k\($0)", long) })
        let record = LogRecord(
            atMilliseconds: 0, level: "info", program: "p", message: long, metadata: metadata)
        let line = record.line(format)
        #expect(line.contains("é…"))
        #expect(line.utf8.count < (LogRecord.metadataMax + 2) * (LogRecord.bytesMax + 100))
    }
}

@Suite("The sink of the log (scenario 56)")
struct LogSinkTests {
    @Test("56: with a pipe that nobody reads nobody waits; lines beyond the queue are counted")
    func blockedPipe() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let sink = try LogSink(descriptor: ends[1]) { "dropped \($0)" }
        let line = String(repeating: "x", count: 999)
        let began = Date()
        for _ in 0..<2_000 { sink.put(line) }
        #expect(Date().timeIntervalSince(began) < 2)
        // A pipe and the queue hold some hundred; the rest is gone.
        #expect(sink.linesDropped > 1_000)
        let dropped = sink.linesDropped

        // Where the loop above was held up, the queue has had room twice, and told of it twice.
        func told(_ lines: [String]) -> Int {
            lines.reduce(0) { sum, line in
                sum + (line.hasPrefix("dropped ") ? Int(line.dropFirst(8)) ?? 0 : 0)
            }
        }
        let reader = Reader(ends[0])
        let all = reader.lines { told($0) >= dropped }
        #expect(told(all) == dropped)
        #expect(all.count { $0 == line } == 2_000 - dropped)
        close(ends[0])
    }

    @Test("56: when the reader is gone lines are counted, and the process lives")
    func brokenPipe() throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let sink = try LogSink(descriptor: ends[1]) { "dropped \($0)" }
        close(ends[0])
        for number in 1...3 {
            sink.put("line")
            sink.flush(withinMilliseconds: 5_000)
            #expect(sink.linesDropped == number)
        }
    }

    @Test("56: a full disk is survived, counted, and said when there is room again")
    func fullDisk() throws {
        let full = open("/dev/full", O_WRONLY)
        try #require(full >= 0)
        let sink = try LogSink(descriptor: full) { "dropped \($0)" }
        for _ in 0..<10 {
            sink.put("line")
            sink.flush(withinMilliseconds: 5_000)
        }
        #expect(sink.linesDropped == 10)
        let scratch = try Scratch()
        let path = try scratch.write("", to: "log")
        let file = open(path, O_WRONLY | O_APPEND)
        dup2(file, full)
        sink.put("again")
        sink.flush(withinMilliseconds: 5_000)
        let text = String(decoding: try bytes(of: path), as: UTF8.self)
        #expect(text == "again\ndropped 10\n")
        close(file)
    }

    @Test("lines of many threads come whole, each thread's in order")
    func threads() async throws {
        let scratch = try Scratch()
        let path = try scratch.write("", to: "log")
        let file = open(path, O_WRONLY | O_APPEND)
        let sink = try LogSink(descriptor: file) { "dropped \($0)" }
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask { for number in 0..<500 { sink.put("\(thread) \(number)") } }
            }
        }
        sink.flush(withinMilliseconds: 5_000)
        let text = String(decoding: try bytes(of: path), as: UTF8.self)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 2_000 && sink.linesDropped == 0)
        for thread in 0..<4 {
            let own = lines.filter { $0.hasPrefix("\(thread) ") }
            #expect(own.map(String.init) == (0..<500).map { "\(thread) \($0)" })
        }
    }
}

/// Reads a pipe line by line.
private struct Reader {
    let descriptor: Int32
    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Until `isEnough`, ten seconds at most.
    func lines(until isEnough: ([String]) -> Bool) -> [String] {
        var text: [UInt8] = []
        let end = Date().addingTimeInterval(10)
        while Date() < end {
            var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&item, 1, 100) > 0 else { continue }
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = read(descriptor, &bytes, bytes.count)
            guard count > 0 else { break }
            text += bytes.prefix(count)
            let all = String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
            if text.last == 10, isEnough(all) { return all }
        }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
