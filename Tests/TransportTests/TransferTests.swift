import Protocol
import Testing
@testable import Transport

struct TransferTests {
    private let chunk = Limits.chunkBytesMax

    @Test("a transfer asks for every byte once, the last chunk being short")
    func covers() {
        var transfer = Transfer(offset: 10, length: 2 * chunk + 5, deadline: 9)
        var ranges: [Range<Int>] = []
        while let range = transfer.ask() { ranges.append(range) }
        let cuts = [10, 10 + chunk, 10 + 2 * chunk, 15 + 2 * chunk]
        #expect(ranges == zip(cuts, cuts.dropFirst()).map { $0..<$1 })
        #expect(!transfer.isComplete && !transfer.wantsMore)
        for range in ranges {
            #expect(transfer.arrive(at: range.lowerBound, count: range.count)
                == .wanted(wasOutstanding: true))
        }
        #expect(transfer.isComplete)
    }

    @Test("chunks never asked for, of a wrong size or come before are unwanted")
    func unwanted() {
        var transfer = Transfer(length: 3 * chunk, deadline: 9)
        _ = transfer.ask()
        #expect(transfer.arrive(at: chunk, count: chunk) == .unwanted)
        #expect(transfer.arrive(at: 0, count: chunk - 1) == .unwanted)
        #expect(transfer.arrive(at: 1, count: chunk) == .unwanted)
        #expect(transfer.arrive(at: 0, count: chunk) == .wanted(wasOutstanding: true))
        #expect(transfer.arrive(at: 0, count: chunk) == .unwanted)
    }

    @Test("what is given up is asked for again, what has come is not")
    func resumes() {
        var transfer = Transfer(length: 4 * chunk, deadline: 9)
        for _ in 0..<3 { _ = transfer.ask() }
        _ = transfer.arrive(at: chunk, count: chunk)
        #expect(transfer.contiguousEnd == 0)
        transfer.giveUpOutstanding()
        // It comes late, after all.
        #expect(transfer.arrive(at: 2 * chunk, count: chunk) == .wanted(wasOutstanding: false))
        #expect(transfer.ask() == 0..<chunk)
        #expect(transfer.ask() == 3 * chunk..<4 * chunk)
        #expect(transfer.ask() == nil)
        _ = transfer.arrive(at: 0, count: chunk)
        #expect(transfer.contiguousEnd == 3 * chunk)
    }

    @Test("a lane keeps one window and gives its transfers equal turns")
    func fairness() {
        var lane = Lane()
        lane.add(Transfer(length: 20 * chunk, deadline: 99), as: 1)
        lane.add(Transfer(length: 20 * chunk, deadline: 99), as: 2)
        #expect(lane.nextRequest(at: 0) == nil, "the holder cannot be reached yet")
        lane.open(at: 0)
        var asked: [UInt64] = []
        while let request = lane.nextRequest(at: 0) { asked.append(request.transfer) }
        #expect(asked == [1, 2, 1, 2, 1, 2, 1, 2])
        #expect(asked.count == Limits.chunksInFlightMax)
        let kept = lane.arrive(2, at: 0, count: chunk, now: 0.1)
        #expect(kept)
        #expect(lane.nextRequest(at: 0.1)?.transfer == 1)
        #expect(lane.nextRequest(at: 0.1) == nil)
        lane.remove(2)
        #expect(lane.nextRequest(at: 0.1) != nil, "its window is free again")
    }

    @Test("after silence a lane asks again, and waits longer each time")
    func stalls() {
        var lane = Lane()
        lane.open(at: 0)
        lane.add(Transfer(length: 2 * chunk, deadline: 100), as: 1)
        while lane.nextRequest(at: 10) != nil {}
        #expect(lane.wakeAt == 15)
        _ = lane.tick(at: 14.9)
        #expect(lane.nextRequest(at: 14.9) == nil)
        _ = lane.tick(at: 15)
        #expect(lane.resumptions == 1)
        #expect(lane.nextRequest(at: 15)?.range == 0..<chunk)
        #expect(lane.nextRequest(at: 15)?.range == chunk..<2 * chunk)
        #expect(lane.wakeAt == 25)
    }

    @Test("a link that needs seconds for each chunk is not asked for it twice")
    func slow() {
        var lane = Lane()
        lane.open(at: 0)
        lane.add(Transfer(length: 40 * chunk, deadline: 1e6), as: 1)
        var now = 0.0
        for index in 0..<40 {
            while lane.nextRequest(at: now) != nil {}
            for _ in 0..<4 {
                now += 1
                _ = lane.tick(at: now)
            }
            let kept = lane.arrive(1, at: index * chunk, count: chunk, now: now)
            #expect(kept)
        }
        #expect(lane.resumptions == 0)
        #expect(lane[1]?.isComplete == true)
    }

    @Test("a new connection asks at once for what the old one owed")
    func reconnects() {
        var lane = Lane()
        lane.open(at: 0)
        lane.add(Transfer(length: chunk, deadline: 100), as: 1)
        #expect(lane.nextRequest(at: 0) != nil)
        lane.close()
        #expect(lane.nextRequest(at: 1) == nil)
        lane.open(at: 2)
        #expect(lane.nextRequest(at: 2)?.range == 0..<chunk)
    }

    @Test("a deadline is reported when it has passed, also to an unreachable holder")
    func deadlines() {
        var lane = Lane()
        lane.add(Transfer(length: chunk, deadline: 3), as: 1)
        lane.add(Transfer(length: chunk, deadline: 5), as: 2)
        #expect(lane.wakeAt == 3)
        #expect(lane.tick(at: 2.9) == [])
        #expect(lane.tick(at: 3) == [1])
        lane.remove(1)
        #expect(lane.wakeAt == 5)
    }

    @Test("a connected holder that sends nothing for too long is late with all that it owes")
    func silence() {
        var lane = Lane(silenceSecondsMax: 10)
        lane.add(Transfer(length: 2 * chunk, deadline: 99), as: 1)
        #expect(lane.tick(at: 50) == [], "it is not connected, which is another matter")
        lane.open(at: 50)
        while lane.nextRequest(at: 50) != nil {}
        let kept = lane.arrive(1, at: 0, count: chunk, now: 55)
        #expect(kept)
        lane.add(Transfer(length: chunk, deadline: 99), as: 2)
        #expect(lane.tick(at: 64.9) == [], "asked again, it may still answer")
        while lane.nextRequest(at: 64.9) != nil {}
        #expect(lane.wakeAt == 65)
        #expect(lane.tick(at: 65) == [1, 2])
    }

    @Test("requests the socket did not take are asked for first")
    func takesBack() throws {
        var lane = Lane()
        lane.open(at: 0)
        lane.add(Transfer(length: 9 * chunk, deadline: 9), as: 1)
        let request = try #require(lane.nextRequest(at: 0) as Lane.Request?)
        lane.takeBack(request)
        #expect(lane.nextRequest(at: 0) == request)
        var more = 0
        while lane.nextRequest(at: 0) != nil { more += 1 }
        #expect(more == Limits.chunksInFlightMax - 1)
    }

    @Test(
        "22, 23: random losses, repeats and reconnections end in every byte once",
        arguments: 0..<50)
    func storm(seed: UInt64) {
        var random = Steps(state: seed)
        var lane = Lane()
        lane.add(Transfer(length: 30 * chunk + 17, deadline: 1e9), as: 1)
        var wire: [Lane.Request] = []
        var received: Set<Int> = []
        var now = 0.0
        for _ in 0..<20_000 where lane[1]?.isComplete == false {
            now += 0.3
            switch random.next(10) {
            case 0: lane.open(at: now)
            case 1: lane.close()
            case 2 where !wire.isEmpty: wire.remove(at: random.next(wire.count))
            case 3 where !wire.isEmpty: wire.append(wire[random.next(wire.count)])
            case 4: #expect(lane.tick(at: now) == [])
            case 5...7 where !wire.isEmpty:
                let chunk = wire.remove(at: random.next(wire.count)).range
                if lane.arrive(1, at: chunk.lowerBound, count: chunk.count, now: now) {
                    let isNew = received.insert(chunk.lowerBound).inserted
                    #expect(isNew, "chunk at \(chunk.lowerBound) was kept twice")
                }
            default: if let request = lane.nextRequest(at: now) { wire.append(request) }
            }
            #expect((lane[1]?.outstanding.count ?? 0) <= Limits.chunksInFlightMax)
        }
        #expect(received.count == 31)
    }

    private struct Steps {
        var state: UInt64
        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
    }
}

struct GetQueueTests {
    private func request(_ asker: Int, _ offset: Int) -> GetQueue<Int>.Request {
        .init(asker: asker, number: 1, get: Get(payload: "p", offset: offset, length: 1))
    }

    @Test("askers are served in turn however much one asks for")
    func turns() {
        var queue = GetQueue<Int>()
        for offset in 0..<4 { queue.add(request(1, offset)) }
        queue.add(request(2, 0))
        queue.add(request(3, 0))
        var order: [Int] = []
        while let next = queue.next() { order.append(next.asker) }
        #expect(order == [1, 2, 3, 1, 1, 1])
        #expect(queue.isEmpty)
    }

    @Test("a flood is cut off, a repetition dropped")
    func bounded() {
        var queue = GetQueue<Int>()
        #expect(queue.add(request(1, 0)) == true)
        #expect(queue.add(request(1, 0)) == false)
        let taken = (1..<1_000).filter { queue.add(request(1, $0)) }.count
        #expect(taken == GetQueue<Int>.perAskerMax - 1)
        queue.forget(1)
        #expect(queue.isEmpty && queue.next() == nil)
    }

    @Test("what was put back comes before the asker's other requests")
    func putBack() throws {
        var queue = GetQueue<Int>()
        queue.add(request(1, 0))
        queue.add(request(1, 1))
        let first = try #require(queue.next() as GetQueue<Int>.Request?)
        queue.putBack(first)
        #expect(queue.next() == first)
        #expect(queue.next() == request(1, 1))
        queue.putBack(first)
        #expect(queue.next() == first && queue.isEmpty)
    }
}
