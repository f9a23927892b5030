// The log of this process: made once, written to standard error, with a last word at the end.

import Glibc
public import Logging
public import Protocol
import Synchronization
import Transport

/// The one log of a service. `begin` comes first.
public enum ProgramLog {
    private struct Place: Sendable {
        let program: String
        let format: LogFormat
        let sink: LogSink
    }

    private static let place = Mutex<Place?>(nil)

    /// To be called once, before anything is logged.
    public static func begin(
        program: String, level: Logger.Level, format: LogFormat
    ) throws -> Logger {
        let sink = try LogSink(descriptor: STDERR_FILENO) { count in
            LogRecord(
                atMilliseconds: wallMilliseconds(), level: Logger.Level.warning.rawValue,
                program: program,
                message: "\(count) lines were dropped here: standard error took no more"
            ).line(format)
        }
        place.withLock { $0 = Place(program: program, format: format, sink: sink) }
        LoggingSystem.bootstrap { RecordHandler(program: $0, format: format, sink: sink) }
        atexit { ProgramLog.flush() }
        var logger = Logger(label: program)
        logger.logLevel = level
        return logger
    }

    /// Lines that were dropped because nobody took them.
    public static var linesDropped: Int { place.withLock { $0?.sink.linesDropped ?? 0 } }

    private static func flush() {
        place.withLock { $0 }?.sink.flush(withinMilliseconds: 300)
    }

    /// Ends this process with its last line: a sentence for people, an object where a machine
    /// reads.
    public static func end(_ program: String, _ sentence: String, code: Int32) -> Never {
        let place = place.withLock { $0 }
        place?.sink.flush(withinMilliseconds: 300)
        guard let place, place.format == .json else {
            endProgram(program, sentence, code: code)
        }
        place.sink.put(
            LogRecord(
                atMilliseconds: wallMilliseconds(), level: Logger.Level.critical.rawValue,
                program: program, message: sentence, metadata: ["exitCode": "\(code)"]
            ).line(.json))
        endProgram(code: code)
    }

    public static func end(_ program: String, _ fault: Fault) -> Never {
        end(program, fault.message, code: fault.exitCode)
    }
}

/// Turns what is logged into lines of a sink.
struct RecordHandler: LogHandler {
    let program: String
    let format: LogFormat
    let sink: LogSink
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(program: String, format: LogFormat, sink: LogSink) {
        self.program = program
        self.format = format
        self.sink = sink
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let record = LogRecord(
            atMilliseconds: wallMilliseconds(), level: event.level.rawValue, program: program,
            message: event.message.description, metadata: all.mapValues(\.description))
        sink.put(record.line(format))
    }
}
