// The library's question who may connect, as ZeroMQ RFC 27 (ZAP) has it, and our answer.

import CZeroMQ

/// One socket that answers, for the doorkeeper's thread. While nobody answers nobody gets in.
struct Questions: ~Copyable {
    struct Question {
        let version: [UInt8]
        let request: [UInt8]
        /// As the library tells it, without a port.
        let address: String
        /// Nil for a mechanism other than CURVE.
        let key: PublicKey?
    }

    enum Answer {
        case letIn(PublicKey)
        case refuse
        /// As `refuse`, but another time it may be otherwise.
        case full
    }

    private static let endpoint = "inproc://zeromq.zap.01"
    private static let framesMax = 12
    private static let frameBytesMax = 512

    private let handle: UnsafeMutableRawPointer

    init(context: Context) throws(TransportError) {
        guard let handle = zmq_socket(context.handle, ZMQ_REP) else {
            throw .last("opening the door")
        }
        guard czmq_set_int(handle, ZMQ_LINGER, 0) == 0, zmq_bind(handle, Self.endpoint) == 0 else {
            let error = TransportError.last("opening the door")
            zmq_close(handle)
            throw error
        }
        self.handle = handle
    }

    deinit { zmq_close(handle) }

    /// For `Poll.wait`.
    var readable: Poll.Source { Poll.Source(socket: handle) }

    /// Answers one question.
    ///
    /// - Returns: false if none waits.
    func answer(_ decide: (Question) -> Answer) throws(TransportError) -> Bool {
        guard let frames = try receive() else { return false }
        let question = Question(
            version: frames.first ?? [], request: frames.count > 1 ? frames[1] : [],
            address: frames.count > 3 ? Self.address(frames[3]) : "",
            key: frames.count == 7 && frames[5].elementsEqual("CURVE".utf8)
                ? PublicKey(bytes: frames[6]) : nil)
        let answer = decide(question)
        var (status, text, user) = ("400", "not authorised", "")
        switch answer {
        case .letIn(let key): (status, text, user) = ("200", "OK", "\(key)")
        case .refuse: break
        case .full: (status, text) = ("500", "too many connections")
        }
        try send([
            question.version, question.request, Array(status.utf8), Array(text.utf8),
            Array(user.utf8), [],
        ])
        return true
    }

    /// Without the prefix of IPv4 addresses that an IPv6 socket sees.
    private static func address(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        let prefix = "::ffff:"
        return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
    }

    private func receive() throws(TransportError) -> [[UInt8]]? {
        var frames: [[UInt8]] = []
        while frames.count < Self.framesMax {
            var bytes = [UInt8](repeating: 0, count: Self.frameBytesMax)
            let count = zmq_recv(handle, &bytes, bytes.count, ZMQ_DONTWAIT)
            if count < 0 {
                let code = zmq_errno()
                if code == czmq_error_interrupted() { continue }
                if code == czmq_error_again() { return nil }
                throw .last("hearing who wants to connect")
            }
            frames.append(Array(bytes.prefix(Int(count))))
            var more: Int32 = 0
            var size = MemoryLayout<Int32>.size
            guard zmq_getsockopt(handle, ZMQ_RCVMORE, &more, &size) == 0, more != 0 else { break }
        }
        return frames
    }

    private func send(_ frames: [[UInt8]]) throws(TransportError) {
        for (index, frame) in frames.enumerated() {
            let flags = ZMQ_DONTWAIT | (index < frames.count - 1 ? ZMQ_SNDMORE : 0)
            while zmq_send(handle, frame, frame.count, flags) < 0 {
                guard zmq_errno() == czmq_error_interrupted() else {
                    // Whoever asked is gone; the next question finds the socket as new.
                    if zmq_errno() == czmq_error_terminated() { throw .terminated }
                    return
                }
            }
        }
    }
}
