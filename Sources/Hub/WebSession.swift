// The connections of one pull, its thread, and the one thing that other threads may do: stop it.

import CCurl
import Glibc
import Synchronization

/// All but `stop` on one thread.
final class WebSession: @unchecked Sendable {
    let multi: UnsafeMutableRawPointer
    private let isStopped = Atomic(false)

    private static let isReady = ccurl_start() == CURLE_OK

    /// Nil where libcurl does not start.
    init?() {
        guard Self.isReady, let multi = curl_multi_init() else { return nil }
        self.multi = multi
    }

    deinit { curl_multi_cleanup(multi) }

    /// Ends every wait, this one and those to come.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        curl_multi_wakeup(multi)
    }

    func checkStopped() throws(HubError) {
        if isStopped.load(ordering: .acquiring) { throw .cancelled }
    }

    /// Waits for bytes, for `stop` or for `seconds`, whichever comes first; at most one second.
    func poll(seconds: Double) {
        let milliseconds = Int32((min(max(seconds, 0), 1) * 1_000).rounded(.up))
        // It fails where memory is short; then it must not become a loop that does nothing else.
        if curl_multi_poll(multi, nil, 0, milliseconds, nil) != CURLM_OK { usleep(10_000) }
    }

    func sleep(seconds: Double) throws(HubError) {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            try checkStopped()
            let left = (end - .now) / .seconds(1)
            if left <= 0 { return }
            poll(seconds: left)
        }
    }

    /// Runs `body` on a thread of its own, where it may wait without keeping tasks from running.
    /// Signals go elsewhere; one of them, SIGPIPE, would end the process when a peer hangs up.
    static func run<Outcome: Sendable>(
        _ body: @escaping @Sendable () -> Outcome
    ) async -> Outcome {
        await withCheckedContinuation { continuation in
            let work = Unmanaged.passRetained(Work { continuation.resume(returning: body()) })
            var thread = pthread_t()
            let code = pthread_create(
                &thread, nil,
                { argument in
                    var all = sigset_t()
                    sigfillset(&all)
                    pthread_sigmask(SIG_SETMASK, &all, nil)
                    if let argument {
                        Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
                    }
                    return nil
                }, work.toOpaque())
            // Better here than not at all.
            guard code == 0 else { return work.takeRetainedValue().run() }
            pthread_detach(thread)
        }
    }

    private final class Work {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }
}
