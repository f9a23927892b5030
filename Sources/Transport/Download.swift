// One payload on its way into memory: where its bytes go, what they must add up to, who waits.

import Protocol
import Synchronization

/// What a caller of `BulkExchange.fetch` wants.
struct Order: Sendable {
    let payload: String
    let offset: Int
    let length: Int
    /// 0 where nobody vouches for the bytes.
    let checksum: UInt64
    var pieceBytes: Int? = nil
    let holder: Holder
    let seconds: Double
    var arrivals: Arrivals? = nil
    let completion: @Sendable (Result<Frame, Fault>) -> Void
}

/// Bytes that have arrived of what is being fetched, for whoever watches from another thread.
public final class Arrivals: Sendable {
    private let count = Atomic<Int>(0)

    public init() {}

    public var bytes: Int { count.load(ordering: .relaxed) }

    func add(_ bytes: Int) { count.add(bytes, ordering: .relaxed) }
}

/// Belongs to the thread of the exchange.
final class Download {
    let order: Order
    let deadline: Double
    private(set) var received = 0
    private(set) var wasRepeated = false
    private let memory: UnsafeMutableRawBufferPointer
    private var checksum: StreamingChecksum
    private var checked = 0
    private var isHandedOver = false

    init?(_ order: Order, deadline: Double) {
        guard let memory = Landing.allocate(order.length) else { return nil }
        self.order = order
        self.deadline = deadline
        self.memory = memory
        checksum = StreamingChecksum(pieceBytes: order.pieceBytes)
    }

    deinit { if !isHandedOver { Landing.release(UnsafeRawBufferPointer(memory)) } }

    var transfer: Transfer {
        Transfer(offset: order.offset, length: order.length, deadline: deadline)
    }

    /// - Parameter contiguousEnd: everything before this position of the payload is here.
    func take(_ body: Frame, at start: Int, contiguousEnd: Int) {
        body.withUnsafeBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: memory[(start - order.offset)...])
                .copyMemory(from: bytes)
        }
        received += body.count
        order.arrivals?.add(body.count)
        guard order.checksum != 0 else { return }
        // Now, while the bytes are in the cache.
        let end = contiguousEnd - order.offset
        checksum.add(UnsafeRawBufferPointer(rebasing: memory[checked..<end]))
        checked = end
    }

    var isIntact: Bool { order.checksum == 0 || checksum.value == order.checksum }

    func restart() {
        wasRepeated = true
        received = 0
        checked = 0
        checksum.restart()
    }

    /// Call once, when everything is here.
    func finish() {
        isHandedOver = true
        let frame = Frame(UnsafeRawBufferPointer(memory)) { Landing.release($0) }
        order.completion(.success(frame))
    }

    func fail(_ fault: Fault) { order.completion(.failure(fault)) }
}
