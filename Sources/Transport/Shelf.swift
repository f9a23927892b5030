// The payloads that this process serves, and how many pieces of each are being read right now.

import Glibc
import Protocol
import Synchronization

/// Safe from any thread.
final class Shelf: Sendable {
    /// Copies of file chunks that may wait in sockets, all peers together.
    static let copiedBytesMax = 256 << 20

    enum Piece {
        case bytes(Frame)
        case missing(Fault)
        /// Memory for copies is used up: ask again in a moment.
        case busy
    }

    private let items = Mutex<[String: Item]>([:])
    private let copied = CopiedBytes()

    func put(_ id: String, _ source: Item.Source, size: Int) {
        items.withLock { $0[id] = Item(source, size: size) }
    }

    func piece(_ get: Get) -> Piece {
        // Found and counted under one lock: whoever withdraws sees the piece, or prevents it.
        let item = items.withLock { items in
            items[get.payload].map { item in
                item.readers.add(1, ordering: .relaxed)
                return item
            }
        }
        guard let item else { return .missing(.notHeld(get.payload)) }
        defer { item.readers.subtract(1, ordering: .releasing) }
        guard get.offset <= item.size, get.length <= item.size - get.offset else {
            return .missing(.outOfRange(get, size: item.size))
        }
        return item.piece(get, copied: copied)
    }

    /// Takes payloads away and waits until nothing reads them.
    ///
    /// - Returns: false if a piece was still with a peer that does not take it after `seconds`.
    func take(where isWithdrawn: (String) -> Bool, waiting seconds: Double) -> Bool {
        let taken = items.withLock { items in
            let ids = items.keys.filter(isWithdrawn)
            return ids.compactMap { items.removeValue(forKey: $0) }
        }
        return wait(for: taken, seconds: seconds)
    }

    func take(_ id: String, waiting seconds: Double) -> Bool {
        let taken = items.withLock { $0.removeValue(forKey: id) }
        return wait(for: taken.map { [$0] } ?? [], seconds: seconds)
    }

    private func wait(for taken: [Item], seconds: Double) -> Bool {
        let end = MonotonicClock.seconds + seconds
        while taken.contains(where: { $0.readers.load(ordering: .acquiring) > 0 }) {
            guard MonotonicClock.seconds < end else { return false }
            usleep(200)
        }
        return true
    }
}

/// One payload, and how many pieces of it are on their way out.
final class Item: Sendable {
    enum Source: Sendable {
        case memory(Frame)
        case file(OpenFile)
    }

    let source: Source
    let size: Int
    let readers = Atomic(0)

    init(_ source: Source, size: Int) {
        self.source = source
        self.size = size
    }

    fileprivate func piece(_ get: Get, copied: CopiedBytes) -> Shelf.Piece {
        switch source {
        case .memory(let frame):
            readers.add(1, ordering: .relaxed)
            return frame.withUnsafeBytes { all in
                let asked = get.offset..<get.offset + get.length
                let part = UnsafeRawBufferPointer(rebasing: all[asked])
                // The closure keeps the item, and the item its frame.
                return .bytes(Frame(part) { _ in self.readers.subtract(1, ordering: .releasing) })
            }
        case .file(let file):
            guard copied.reserve(get.length) else { return .busy }
            let memory = UnsafeMutableRawBufferPointer.allocate(
                byteCount: get.length, alignment: 16)
            let frame = Frame(UnsafeRawBufferPointer(memory)) { bytes in
                copied.release(bytes.count)
                bytes.deallocate()
            }
            return file.read(into: memory, at: get.offset).map { .missing($0) } ?? .bytes(frame)
        }
    }
}

final class CopiedBytes: Sendable {
    private let bytes = Atomic(0)

    func reserve(_ count: Int) -> Bool {
        let total = bytes.add(count, ordering: .relaxed).newValue
        if total <= Shelf.copiedBytesMax { return true }
        release(count)
        return false
    }

    func release(_ count: Int) { bytes.subtract(count, ordering: .relaxed) }
}

extension Fault {
    fileprivate static func notHeld(_ id: String) -> Fault {
        Fault(
            .payloadMissing,
            "the payload \(id) is not held here: it was never offered, or is withdrawn",
            retryable: true)
    }

    fileprivate static func outOfRange(_ get: Get, size: Int) -> Fault {
        Fault(
            .payloadMissing,
            "\(get.length) bytes at \(get.offset) are outside the payload \(get.payload) of "
                + "\(size) bytes")
    }
}
