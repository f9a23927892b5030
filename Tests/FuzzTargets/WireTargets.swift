// What comes over the wire or from the command line: messages, job specs, addresses, requests.

import FoundationEssentials
import Protocol
import Telemetry
import Transport

enum WireTargets {
    /// Up to three frames. What is decoded is encoded, decoded and encoded again, to the same
    /// bytes; the messages themselves may hold a NaN, which equals nothing.
    static func message(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let frames = bytes.parts(3).map { Frame($0) }
        guard let message = try? Codec.decode(frames) else { return false }
        do {
            let again = try Codec.encode(message)
            let back = try Codec.encode(try Codec.decode(again))
            promise(back == again, "\(message) is another when it comes back")
        } catch CodecError.headerTooLong {
            // Some values are longer in our spelling than in the sender's.
        } catch {
            promise(false, "\(message) does not come back: \(error)")
        }
        return true
    }

    static func jobSpec(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let spec = try? JSONDecoder().decode(JobSpec.self, from: Data(bytes)) else {
            return false
        }
        return spec.complaint == nil
    }

    /// An address is read back from what it is written as.
    static func address(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let address = try? Address(String(decoding: bytes, as: UTF8.self)) else {
            return false
        }
        promise(
            (try? Address(address.description)) == address, "\(address) is not read back as such")
        // The place of the metrics is written alike.
        if let place = try? HostPort(String(address.description.dropFirst(6))) {
            promise((try? HostPort("\(place)")) == place, "\(place) is not read back as such")
        }
        if let bulk = try? address.bulk() {
            promise(bulk.isLoopback == address.isLoopback, "\(bulk) of \(address)")
        }
        return true
    }

    /// What a request has come to does not change when more of it comes.
    static func http(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let all = [UInt8](bytes)
        let head = RequestHead(all)
        let half = RequestHead(Array(all.prefix(all.count / 2)))
        promise(half == .incomplete || half == head, "\(half) became \(head)")
        switch head {
        case .incomplete: return false
        case .refused(let page):
            promise((400...505).contains(page.status), "refused with \(page.status)")
            return false
        case .get(let path):
            promise(path.hasPrefix("/"), "\(path) is no path")
            return true
        }
    }
}
