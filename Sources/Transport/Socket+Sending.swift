// Handing messages to a socket: small frames are copied, large ones lent to the I/O thread.

import CZeroMQ
public import Protocol

extension Socket {
    /// Frames of this size and more are not copied: the I/O thread reads them where they are, and
    /// drops its reference when it is done.
    public static let lentBytesMin = 64 * 1024

    /// Hands over one message, all of it or nothing; never blocks.
    ///
    /// - Parameter peer: required on a router, absent on a dealer.
    /// - Throws: `TransportError.terminated`, or `.system` if the library refuses it.
    public func send(_ frames: [Frame], to peer: PeerID? = nil) throws(TransportError) -> Delivery {
        precondition(!frames.isEmpty, "a message without frames")
        precondition((peer != nil) == (kind == .router), "a router, and only it, names the peer")
        if let peer {
            let code = peer.withBytes { sendCopy(of: $0, more: true) }
            if let failure = try Self.failure(code) { return failure }
        }
        for (index, frame) in frames.enumerated() {
            let isLast = index == frames.count - 1
            guard let failure = try Self.failure(sendOne(frame, more: !isLast)) else { continue }
            // The connection went away between frames. The library forgets the message once it
            // has seen the rest of it; of a message that has not begun, the rest would be one.
            if !isLast, peer != nil || index > 0 { finish(frames[(index + 1)...]) }
            return failure
        }
        return .accepted
    }

    private func finish(_ rest: ArraySlice<Frame>) {
        for (index, frame) in zip(rest.indices, rest) {
            _ = sendOne(frame, more: index != rest.endIndex - 1)
        }
    }

    /// Nil for success.
    private static func failure(_ code: Int32) throws(TransportError) -> Delivery? {
        if code == 0 { return nil }
        if code == czmq_error_again() { return .wouldBlock }
        if code == czmq_error_unreachable() { return .unknownPeer }
        throw code == czmq_error_terminated()
            ? .terminated : .system(operation: "sending", reason: TransportError.reason(of: code))
    }

    private func sendOne(_ frame: Frame, more: Bool) -> Int32 {
        frame.count < Self.lentBytesMin
            ? frame.withUnsafeBytes { sendCopy(of: $0, more: more) } : lend(frame, more: more)
    }

    private func sendCopy(of bytes: UnsafeRawBufferPointer, more: Bool) -> Int32 {
        let flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)
        while zmq_send(handle, bytes.baseAddress, bytes.count, flags) < 0 {
            let code = zmq_errno()
            if code != czmq_error_interrupted() { return code }
        }
        return 0
    }

    private func lend(_ frame: Frame, more: Bool) -> Int32 {
        final class Loan {
            let frame: Frame
            init(_ frame: Frame) { self.frame = frame }
        }
        let loan = Unmanaged.passRetained(Loan(frame)).toOpaque()
        var message = zmq_msg_t()
        let lent = frame.withUnsafeBytes { bytes in
            zmq_msg_init_data(
                &message, UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count,
                { _, loan in
                    // Runs on the I/O thread: it may only let go.
                    if let loan { Unmanaged<AnyObject>.fromOpaque(loan).release() }
                }, loan)
        }
        guard lent == 0 else {
            Unmanaged<Loan>.fromOpaque(loan).release()
            return zmq_errno()
        }
        let flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)
        while zmq_msg_send(&message, handle, flags) < 0 {
            let code = zmq_errno()
            if code == czmq_error_interrupted() { continue }
            zmq_msg_close(&message)
            return code
        }
        return 0
    }
}
