// The flags that both services have for those who run them.

public import ArgumentParser
import Glibc
public import Logging
public import Protocol

extension LogFormat: ExpressibleByArgument {}

/// How much is logged and in which form, and where metrics are served.
public struct OperatingOptions: ParsableArguments {
    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    public var logLevel = "warning"
    @Option(help: "text, or json: one object per line. Default: SOUNDER_LOG_FORMAT, else text.")
    public var logFormat: LogFormat?
    @Option(
        help: ArgumentHelp(
            "Serve /metrics (Prometheus), /healthz and /readyz there, to anybody. Default: "
                + "nowhere.", valueName: "host:port"))
    public var metrics: String?
    /// For `sounder doctor`: say what the program is made of, and end.
    @Flag(help: .hidden)
    public var facts = false

    public init() {}

    public func validate() throws {
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("--log-level \(logLevel) is not a level; use info or warning")
        }
        do throws(Fault) { _ = try place() } catch {
            throw ValidationError("--metrics: \(error)")
        }
    }

    /// Where metrics are to be served.
    public func place() throws(Fault) -> HostPort? {
        guard let metrics else { return nil }
        return try HostPort(metrics)
    }

    /// To be called once.
    public func beginLog(_ program: String) throws -> Logger {
        let format = try LogFormat.find(flag: logFormat)
        let level = Logger.Level(rawValue: logLevel) ?? .warning
        return try ProgramLog.begin(program: program, level: level, format: format)
    }
}
