// One value that one thread makes and another waits for.

import Dispatch
import Synchronization

public final class Promise<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let made = DispatchSemaphore(value: 0)

    public init() {}

    /// The first call counts.
    public func fulfil(_ new: Value) {
        let isFirst = value.withLock { value in
            guard value == nil else { return false }
            value = new
            return true
        }
        if isFirst { made.signal() }
    }

    /// Nil if nothing came within `seconds`. One thread waits, once.
    public func wait(seconds: Double) -> Value? {
        guard made.wait(timeout: .now() + seconds) == .success else { return nil }
        return value.withLock { $0 }
    }
}
