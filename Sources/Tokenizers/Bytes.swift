// A run of bytes that somebody else owns, its hash, and memory that grows.

import Glibc

/// Bytes in memory that outlives this value.
struct Bytes {
    var start: UnsafePointer<UInt8>
    var count: Int

    @inline(__always)
    subscript(index: Int) -> UInt8 { start[index] }

    @inline(__always)
    func slice(_ from: Int, _ to: Int) -> Bytes { Bytes(start: start + from, count: to - from) }

    @inline(__always)
    func equals(_ other: Bytes) -> Bool {
        count == other.count && memcmp(start, other.start, count) == 0
    }

    var string: String {
        String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// A hash of all bytes, eight at a time (folded multiplication, as wyhash does it).
    @inline(__always)
    func hash(_ seed: UInt64) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: count)
        let raw = UnsafeRawPointer(start)
        if count >= 8 {
            var place = 0
            while place < count - 8 {
                state = Self.mixed(
                    state ^ raw.loadUnaligned(fromByteOffset: place, as: UInt64.self))
                place += 8
            }
            return Self.mixed(
                state ^ raw.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self))
        }
        if count >= 4 {
            let low = UInt64(raw.loadUnaligned(as: UInt32.self))
            let high = UInt64(raw.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
            return Self.mixed(state ^ (low | high << 32))
        }
        guard count > 0 else { return Self.mixed(state) }
        let few = UInt64(start[0]) | UInt64(start[count / 2]) << 8 | UInt64(start[count - 1]) << 16
        return Self.mixed(state ^ few << 24)
    }

    @inline(__always)
    static func mixed(_ value: UInt64) -> UInt64 {
        let product = (value ^ 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(
            by: 0xa076_1d64_78bd_642f)
        return product.high ^ product.low
    }
}

/// Elements in memory of its own, without bounds checks.
struct Growing<Element: BitwiseCopyable>: ~Copyable {
    private(set) var start: UnsafeMutablePointer<Element>
    var count = 0
    private(set) var capacity: Int

    init(capacity: Int = 64) {
        self.capacity = max(capacity, 16)
        start = .allocate(capacity: self.capacity)
    }

    deinit { start.deallocate() }

    @inline(__always)
    subscript(index: Int) -> Element {
        get { start[index] }
        nonmutating set { start[index] = newValue }
    }

    /// Makes room for `more` elements behind the last.
    @inline(__always)
    mutating func reserve(_ more: Int) {
        if count + more > capacity { grow(count + more) }
    }

    @inline(never)
    private mutating func grow(_ needed: Int) {
        capacity = max(needed, 2 * capacity)
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
        larger.update(from: start, count: count)
        start.deallocate()
        start = larger
    }

    @inline(__always)
    mutating func append(_ element: Element) {
        reserve(1)
        start[count] = element
        count += 1
    }

    @inline(__always)
    mutating func append(_ source: UnsafePointer<Element>, _ number: Int) {
        reserve(number)
        (start + count).update(from: source, count: number)
        count += number
    }

    /// Gives memory back that an unusually large input took.
    mutating func shrink(to most: Int) {
        count = 0
        guard capacity > most else { return }
        start.deallocate()
        capacity = max(most, 16)
        start = .allocate(capacity: capacity)
    }
}

extension Growing where Element == UInt8 {
    @inline(__always)
    var bytes: Bytes { Bytes(start: UnsafePointer(start), count: count) }

    @inline(__always)
    mutating func append(_ bytes: Bytes) { append(bytes.start, bytes.count) }

    /// Whether `bytes` lie in this memory.
    func holds(_ bytes: Bytes) -> Bool {
        bytes.start >= UnsafePointer(start) && bytes.start < UnsafePointer(start) + capacity
    }
}

/// Elements are trivial; whoever shares one stops writing to it first.
extension Growing: @unchecked Sendable where Element: Sendable {}
