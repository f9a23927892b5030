// Which connections deliver whole messages: those that do not are only filling our memory.

import Synchronization

/// Counts messages by the descriptor of their connection. The owner of the socket counts, the
/// doorkeeper looks.
final class DeliveryMarks: Sendable {
    /// More descriptors than a process is ever given.
    private static let descriptorsMax = 1 << 20
    private let counts = Mutex<[UInt32]>([])

    func note(_ descriptor: Int32) {
        guard (0..<Self.descriptorsMax).contains(Int(descriptor)) else { return }
        counts.withLock { counts in
            let index = Int(descriptor)
            if index >= counts.count {
                counts += Array(repeating: 0, count: max(index + 1 - counts.count, 256))
            }
            counts[index] &+= 1
        }
    }

    func count(of descriptor: Int32) -> UInt32 {
        counts.withLock { counts in
            counts.indices.contains(Int(descriptor)) ? counts[Int(descriptor)] : 0
        }
    }
}
