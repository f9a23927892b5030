// What comes over the wire or from the command line: messages, job specs, addresses.

import FoundationEssentials
import Protocol
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
        if let bulk = try? address.bulk() {
            promise(bulk.isLoopback == address.isLoopback, "\(bulk) of \(address)")
        }
        return true
    }
}
