// A service as those see it who run it: its pulse, its pages, and what its manager is told.

public import Logging
import Transport

/// Lives as long as the service.
public final class Service: Sendable {
    public let notifier: ServiceNotifier
    public let pulse: Pulse
    private let server: StatusServer?

    /// Serves metrics if the flags say so.
    ///
    /// - Parameter obstacle: why the service is of no use now; nil if it is.
    /// - Throws: a `Fault` with code `unavailable` if it cannot listen there.
    public init(
        _ options: OperatingOptions, _ registry: Registry, logger: Logger,
        obstacle: @escaping @Sendable () -> String?
    ) throws {
        let notifier = ServiceNotifier()
        let pulse = Pulse(notifier)
        self.notifier = notifier
        self.pulse = pulse
        guard let place = try options.place() else {
            server = nil
            return
        }
        let server = try StatusServer.serve(registry, at: place, pulse: pulse, obstacle: obstacle)
        self.server = server
        let openness = place.isLoopback ? "" : ", open to the network and not encrypted"
        logger.notice("metrics at http://\(server.place)/metrics\(openness)")
    }
}
