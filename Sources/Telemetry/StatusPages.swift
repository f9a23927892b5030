// The three pages of a service: its metrics, whether it lives, and whether it is of use.

import Transport

extension StatusServer {
    /// Serves /metrics, /healthz and /readyz.
    ///
    /// - Parameters:
    ///   - pulse: of the loop that matters; when it stands still the service is not healthy.
    ///   - obstacle: a sentence that says why the service is of no use now; nil if it is.
    public static func serve(
        _ registry: Registry, at place: HostPort, pulse: Pulse,
        obstacle: @escaping @Sendable () -> String?
    ) throws -> StatusServer {
        try StatusServer(at: place) { path in
            switch path {
            case "/metrics":
                Page(type: "text/plain; version=0.0.4; charset=utf-8", registry.text)
            case "/healthz": page(complaint(about: pulse))
            case "/readyz": page(complaint(about: pulse) ?? obstacle())
            case "/": Page("/metrics\n/healthz\n/readyz\n")
            default: nil
            }
        }
    }

    private static func page(_ complaint: String?) -> Page {
        complaint.map { Page(status: 503, $0 + "\n") } ?? Page("ok\n")
    }

    private static func complaint(about pulse: Pulse) -> String? {
        let silence = pulse.silence
        guard silence > Pulse.silenceMaxMilliseconds else { return nil }
        return "the main loop has stood still for \(silence / 1_000) s"
    }
}
