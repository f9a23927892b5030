// One request over HTTP/1.1 and its answer, by libcurl. It follows nothing and remembers nothing.

import CCurl
import Files

/// On the thread of its session.
final class WebExchange {
    private(set) var head = WebHead()
    /// How it ended; nil while it lasts.
    private(set) var end: CURLcode?

    private let session: WebSession
    private let easy: UnsafeMutableRawPointer
    private var lines: UnsafeMutablePointer<curl_slist>?
    private let complaint: UnsafeMutablePointer<CChar>
    private var isSound = true
    private var received: [UInt8] = []
    /// Whether the other side has to wait, because nobody takes what was received.
    private var isPaused = false

    private static let receivedMax = 1 << 18

    /// Nil where memory is short.
    /// - fields: of the request, as lines.
    /// - connecting: seconds until a connection stands.
    init?(
        _ session: WebSession, _ address: WebAddress, _ fields: [String], wantsBody: Bool,
        connecting: Double
    ) {
        guard let easy = curl_easy_init() else { return nil }
        self.session = session
        self.easy = easy
        complaint = .allocate(capacity: Int(CURL_ERROR_SIZE))
        complaint.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        for field in fields {
            guard let longer = curl_slist_append(lines, field) else { return nil }
            lines = longer
        }
        demand(ccurl_allow_http_alone(easy))
        demand(ccurl_set_text(easy, CURLOPT_URL, address.text))
        demand(ccurl_set_headers(easy, lines))
        demand(ccurl_set_complaint(easy, complaint))
        set(CURLOPT_NOBODY, wantsBody ? 0 : 1)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_BUFFERSIZE, Self.receivedMax / 2)
        // What a proxy says before the hub does.
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_CONNECTTIMEOUT_MS, max(Int(min(connecting, 86_400) * 1_000), 1))
        ccurl_leave_lookups(easy)
        takeBytes()
        guard isSound, curl_multi_add_handle(session.multi, easy) == CURLM_OK else { return nil }
    }

    deinit {
        curl_multi_remove_handle(session.multi, easy)
        curl_easy_cleanup(easy)
        curl_slist_free_all(lines)
        complaint.deallocate()
    }

    private func demand(_ code: CURLcode) { isSound = isSound && code == CURLE_OK }

    private func set(_ option: CURLoption, _ value: Int) {
        demand(ccurl_set_number(easy, option, value))
    }

    // MARK: - The answer

    /// From the start until the request could be sent; 0 until then.
    var secondsConnecting: Double { ccurl_seconds_connecting(easy) }

    /// Lets bytes come; returns when some have, when all have, or after `seconds`.
    func turn(seconds: Double) throws(HubError) {
        try session.checkStopped()
        let before = (head.byteCount, received.count)
        var running: Int32 = 0
        if curl_multi_perform(session.multi, &running) != CURLM_OK { end = CURLE_FAILED_INIT }
        var more: Int32 = 0
        while let message = curl_multi_info_read(session.multi, &more) {
            if message.pointee.easy_handle == easy { end = message.pointee.data.result }
        }
        guard end == nil, before == (head.byteCount, received.count) else { return }
        session.poll(seconds: seconds)
    }

    /// Hands on what has come of the body.
    /// - Returns: bytes.
    func drain(
        _ take: (UnsafeRawBufferPointer) throws(HubError) -> Void
    ) throws(HubError) -> Int {
        let count = received.count
        guard count > 0 else { return 0 }
        let taken = received.withUnsafeBytes { bytes in
            Result { () throws(HubError) in try take(bytes) }
        }
        try taken.get()
        received.removeAll(keepingCapacity: true)
        if isPaused {
            isPaused = false
            ccurl_go_on(easy)
        }
        return count
    }

    private func takeBytes() {
        let line: ccurl_taker = { bytes, size, count, target in
            let exchange = WebExchange.behind(target)
            exchange.head.take(UnsafeRawBufferPointer(start: bytes, count: size * count))
            return exchange.head.isTooLarge ? 0 : size * count
        }
        let body: ccurl_taker = { bytes, size, count, target in
            let exchange = WebExchange.behind(target)
            guard exchange.received.count < WebExchange.receivedMax else {
                exchange.isPaused = true
                return ccurl_later()
            }
            exchange.received += UnsafeRawBufferPointer(start: bytes, count: size * count)
            return size * count
        }
        demand(ccurl_set_takers(easy, line, body, Unmanaged.passUnretained(self).toOpaque()))
    }

    private static func behind(_ target: UnsafeMutableRawPointer?) -> WebExchange {
        Unmanaged<WebExchange>.fromOpaque(target!).takeUnretainedValue()
    }

    // MARK: - What went wrong

    /// The error that `end` means; `host` is what people are told.
    func error(host: String) -> HubError {
        if head.isTooLarge { return .malformed("an answer of \(host)", reason: "a huge head") }
        return switch end {
        case CURLE_COULDNT_RESOLVE_HOST:
            .unreachable(host: host, reason: "its name is not known")
        case CURLE_COULDNT_RESOLVE_PROXY:
            .unreachable(host: host, reason: "the name of the proxy is not known")
        case CURLE_COULDNT_CONNECT:
            .unreachable(host: host, reason: systemError ?? words)
        // The only time that libcurl measures is that of the connection.
        case CURLE_OPERATION_TIMEDOUT, CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION,
            CURLE_SSL_CACERT_BADFILE:
            .unreachable(host: host, reason: words)
        default: .interrupted(host: host, reason: words)
        }
    }

    private var systemError: String? {
        let code = ccurl_system_error(easy)
        return code == 0 ? nil : systemReason(code)
    }

    /// libcurl's own; what it repeats of an answer has no control characters.
    private var words: String {
        let text = String(cString: complaint).trimmed
        if text.isEmpty { return String(cString: curl_easy_strerror(end ?? CURLE_OK)) }
        return String(text.unicodeScalars.filter { (" "..."~").contains($0) }.map(Character.init))
    }
}
