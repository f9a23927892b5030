// The settings of every socket, in one table, each with its reason.

import CZeroMQ

extension Socket {
    /// Whole messages that may wait in each direction, for each peer.
    ///
    /// Control: a worker has at most a few units and one heartbeat under way, so 1,024 is never
    /// reached. Bulk: a window of 8 chunks, the 8 requests for the other direction, and what a
    /// stalled transfer asks for again (its patience doubles, so a handful of windows) stay below
    /// 128, which also bounds what a peer that stops reading can pin. Search: questions under way.
    static func highWaterMark(_ plane: Plane) -> Int32 { plane == .bulk ? 128 : 1_024 }

    /// Drawn once a process, so that a thousand workers do not come back in step. Processes of one
    /// machine start together and wait for one another: there a try costs nothing.
    private static let reconnectMilliseconds = Int32.random(in: 200...1_000)
    private static let localReconnectMilliseconds = Int32.random(in: 10...20)

    static func reconnectSettings(isLocal: Bool) -> [(Int32, Int32)] {
        [
            (ZMQ_RECONNECT_IVL, isLocal ? localReconnectMilliseconds : reconnectMilliseconds),
            (ZMQ_RECONNECT_IVL_MAX, isLocal ? 500 : 30_000),
        ]
    }

    static func settings(_ kind: Kind, _ plane: Plane, linger: Int) -> [(Int32, Int32)] {
        let common: [(Int32, Int32)] = [
            (ZMQ_SNDHWM, highWaterMark(plane)),
            (ZMQ_RCVHWM, highWaterMark(plane)),
            (ZMQ_LINGER, Int32(linger)),
            // Heartbeats of the wire protocol come from the I/O thread: they say nothing of the
            // compute loop, and they kill peers that are only slow (libzmq #3937, #4767).
            (ZMQ_HEARTBEAT_IVL, 0),
            (ZMQ_HANDSHAKE_IVL, 5_000),
            (ZMQ_CONNECT_TIMEOUT, 5_000),
            // A cable that was pulled: 60 s of silence when idle, or unacknowledged bytes.
            (ZMQ_TCP_KEEPALIVE, 1),
            (ZMQ_TCP_KEEPALIVE_IDLE, 30),
            (ZMQ_TCP_KEEPALIVE_INTVL, 10),
            (ZMQ_TCP_KEEPALIVE_CNT, 3),
            (ZMQ_TCP_MAXRT, plane == .bulk ? 60_000 : 30_000),
            (ZMQ_BACKLOG, 1_024),
            (ZMQ_IPV6, 1),
        ]
        return switch kind {
        // Sending to a peer that is gone is an error that we hear of, not silence; and nobody
        // takes over the id of another.
        case .router: common + [(ZMQ_ROUTER_MANDATORY, 1), (ZMQ_ROUTER_HANDOVER, 0)]
        // Nothing queues for a coordinator that is not there, to be replayed to the next one.
        case .dealer: common + [(ZMQ_IMMEDIATE, 1)]
        }
    }

    static func set(
        _ settings: [(Int32, Int32)], on handle: UnsafeMutableRawPointer
    ) throws(TransportError) {
        for (option, value) in settings where czmq_set_int(handle, option, value) != 0 {
            throw .last("setting option \(option) of a socket to \(value)")
        }
    }
}

extension Credentials {
    /// The domain that the doorkeeper is asked about. Any will do, but with none the library would
    /// not ask at all.
    static let domain = "sounder"

    func apply(to handle: UnsafeMutableRawPointer) throws(TransportError) {
        // Without an answer to the question who may connect, nobody may.
        var settings: [(Int32, Int32)] = [(czmq_option_enforce_domain(), 1)]
        var texts: [(Int32, String)] = []
        switch self {
        case .none: break
        case .listening(let own):
            settings.append((ZMQ_CURVE_SERVER, 1))
            texts = [
                (ZMQ_CURVE_SECRETKEY, own.secretKey.text), (ZMQ_ZAP_DOMAIN, Self.domain),
            ]
        case .connecting(let own, let server):
            texts = [
                (ZMQ_CURVE_SECRETKEY, own.secretKey.text),
                (ZMQ_CURVE_PUBLICKEY, "\(own.publicKey)"), (ZMQ_CURVE_SERVERKEY, "\(server)"),
            ]
        }
        try Socket.set(settings, on: handle)
        for (option, text) in texts
        where zmq_setsockopt(handle, option, text, text.utf8.count) != 0 {
            throw .last("setting the keys of a socket")
        }
    }
}
