import Glibc
import Protocol
import Synchronization
import Testing
@testable import Transport

@Suite(.serialized)
struct BulkExchangeTests {
    @Test("payloads of every size go both ways", arguments: Place.allCases)
    func roundTrip(place: Place) throws {
        let pair = try Pair(place)
        let chunk = Limits.chunkBytesMax
        for size in [0, 1, 4_096, chunk - 1, chunk, chunk + 1, 3 * chunk, 50_000_000] {
            let frame = noise(size, seed: UInt64(size))
            let down = pair.coordinator.offer(id: "down-\(size)", frame: frame)
            let up = pair.worker.offer(id: "up-\(size)", frame: frame)
            #expect(try pair.worker.fetch(down, from: .coordinator, deadlineSeconds: 20) == frame)
            #expect(
                try pair.coordinator.fetch(up, from: .worker(Pair.name), deadlineSeconds: 20)
                    == frame)
        }
        #expect(pair.worker.counters.bytesReceived == pair.coordinator.counters.bytesSent)
        #expect(pair.coordinator.counters.bytesReceived == 50_000_000 + 6 * chunk + 4_097)
        #expect(pair.worker.counters.rejected == 0 && pair.coordinator.counters.rejected == 0)
        #expect(pair.stop())
    }

    @Test("WELCOME carries the epoch that holds when HELLO comes")
    func epoch() throws {
        let pair = try Pair()
        #expect(try pair.worker.waitForWelcome(seconds: 1).epoch == 7)
        pair.coordinator.setEpoch(8)
        let late = try Pair.worker(of: pair.coordinator, pair.context, name: WorkerID("w2"))
        #expect(try late.waitForWelcome(seconds: 5).epoch == 8)
        late.stop()
        #expect(pair.stop())
    }

    @Test("a part of a file is read in place; beyond its end there is nothing")
    func files() throws {
        let pair = try Pair()
        let path = "/tmp/sounder-file-\(getpid())"
        let frame = noise(3_000_000)
        try write(frame, to: path)
        let reference = try pair.coordinator.offer(id: "f", file: path, size: frame.count)
        #expect(reference == PayloadReference(id: "f", size: frame.count, checksum: 0))
        let part = try pair.worker.fetchRange(
            id: "f", offset: 999_999, length: 1_500_001, from: .coordinator, deadlineSeconds: 10)
        #expect(part == frame.slice(999_999..<2_500_000))
        let beyond = fault {
            _ = try pair.worker.fetchRange(
                id: "f", offset: 2_999_999, length: 2, from: .coordinator, deadlineSeconds: 10)
        }
        #expect(beyond?.code == .payloadMissing)
        // The clock of files ticks a few hundred times a second.
        usleep(20_000)
        let other = open(path, O_WRONLY)
        #expect(pwrite(other, "x", 1, 1_000) == 1)
        close(other)
        let changed = fault {
            _ = try pair.worker.fetch(reference, from: .coordinator, deadlineSeconds: 10)
        }
        #expect(changed?.code == .input && changed?.message.contains("changed") == true)
        #expect(truncate(path, 1_000) == 0)
        let shrunk = fault {
            _ = try pair.worker.fetch(reference, from: .coordinator, deadlineSeconds: 10)
        }
        #expect(shrunk?.code == .input && shrunk?.message.contains(path) == true)
        let absent = fault { try pair.coordinator.offer(id: "g", file: "/no/such", size: 1) }
        #expect(absent?.code == .input && absent?.message.contains("/no/such") == true)
        unlink(path)
        #expect(pair.stop())
    }

    private func write(_ frame: Frame, to path: String) throws {
        let descriptor = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0o600)
        let written = frame.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        try #require(written == frame.count)
    }

    @Test("a payload that nobody offered, or that was withdrawn, is missing at once")
    func missing() throws {
        let pair = try Pair()
        let frame = noise(100)
        let reference = pair.coordinator.offer(id: "a/1", frame: frame)
        pair.coordinator.offer(id: "a/2", frame: frame)
        pair.coordinator.offer(id: "b", frame: frame)
        #expect(pair.coordinator.withdraw(prefix: "a/"))
        let gone = fault {
            _ = try pair.worker.fetch(reference, from: .coordinator, deadlineSeconds: 30)
        }
        #expect(gone?.code == .payloadMissing && gone?.message.contains("a/1") == true)
        let b = PayloadReference(id: "b", size: 100, checksum: 0)
        #expect(try pair.worker.fetch(b, from: .coordinator, deadlineSeconds: 5) == frame)
        #expect(pair.coordinator.withdraw(id: "b"))
        #expect(pair.coordinator.withdraw(id: "never offered"))
        let again = fault { _ = try pair.worker.fetch(b, from: .coordinator, deadlineSeconds: 30) }
        #expect(again?.code == .payloadMissing)
        #expect(pair.stop())
    }

    @Test("10: damaged bytes are fetched once more, then reported")
    func damaged() throws {
        let pair = try Pair()
        let frame = noise(2_500_000)
        pair.coordinator.offer(id: "p", frame: frame)
        let wrong = PayloadReference(id: "p", size: frame.count, checksum: 5)
        let found = fault {
            _ = try pair.worker.fetch(wrong, from: .coordinator, deadlineSeconds: 20)
        }
        #expect(found?.code == .data && found?.message.contains("checksum") == true)
        #expect(pair.worker.counters.refetches == 1)
        #expect(pair.worker.counters.bytesReceived == 2 * frame.count)
        #expect(pair.stop())
    }

    @Test("checksums of pieces are compared like that of a whole, whatever the pieces' size")
    func pieces() throws {
        let pair = try Pair()
        let worker = pair.worker
        for size in [0, 1, 64, 1_000, Limits.chunkBytesMax + 7, 2_500_000] {
            let frame = noise(size, seed: UInt64(size))
            for pieceBytes in [64, 832, Limits.chunkBytesMax, 5_000_000] {
                let offered = pair.coordinator.offer(
                    id: "p-\(size)-\(pieceBytes)", frame: frame, pieceBytes: pieceBytes)
                #expect(offered.pieceBytes == pieceBytes)
                #expect(
                    try worker.fetch(offered, from: .coordinator, deadlineSeconds: 20) == frame)
            }
        }
        let size = 2_500_000
        pair.coordinator.offer(id: "w", frame: noise(size))
        for (pieceBytes, code) in [(832, Fault.Code.data), (63, .data), (0, .data), (-1, .data)] {
            let wrong = PayloadReference(id: "w", size: size, checksum: 5, pieceBytes: pieceBytes)
            let found = fault {
                _ = try worker.fetch(wrong, from: .coordinator, deadlineSeconds: 20)
            }
            #expect(found?.code == code && found?.message.contains("checksum") == true)
        }
        // Only the first was asked for, and asked for twice.
        #expect(worker.counters.refetches == 1)
        #expect(pair.stop())
    }

    @Test("a piece that changed is all that has to be read again")
    func changedPiece() {
        var bytes = [UInt8](repeating: 3, count: 1_000)
        var known = bytes.withUnsafeBytes { PieceChecksums(of: $0, pieceBytes: 96) }
        let before = known.value
        for piece in [0, 7, 10] {
            bytes[96 * piece + 5] ^= 1
            bytes.withUnsafeBytes { bytes in
                let end = min(96 * piece + 96, bytes.count)
                known.update(
                    piece, to: UnsafeRawBufferPointer(rebasing: bytes[96 * piece..<end]))
            }
            let anew = bytes.withUnsafeBytes { PieceChecksums(of: $0, pieceBytes: 96).value }
            #expect(known.value == anew && anew != before)
        }
    }

    @Test("memory may be rewritten once a withdrawal returns")
    func withdrawal() throws {
        let pair = try Pair()
        // One window: all of it is in the queues before the first byte is copied.
        let count = Limits.chunksInFlightMax * Limits.chunkBytesMax
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
        let isFreed = Count()
        var frame: Frame? = Frame(UnsafeRawBufferPointer(memory)) { _ in
            isFreed.value.add(1, ordering: .relaxed)
        }
        for round in UInt8(1)...30 {
            memory.initializeMemory(as: UInt8.self, repeating: round)
            pair.coordinator.offer(id: "p", frame: try #require(frame), checksum: 0)
            let reference = PayloadReference(id: "p", size: count, checksum: 0)
            let arrived = Promise<Result<Frame, Fault>>()
            pair.worker.fetch(reference, from: .coordinator, deadlineSeconds: 20) {
                arrived.fulfil($0)
            }
            while pair.coordinator.counters.bytesSent < Int(round) * count { sched_yield() }
            #expect(pair.coordinator.withdraw(id: "p"))
            memory.initializeMemory(as: UInt8.self, repeating: 255)
            let got = try #require(arrived.wait(seconds: 20)).get()
            let isWhole = got.withUnsafeBytes { bytes in
                // Each byte is the one before it.
                bytes.first == round
                    && bytes.baseAddress.map { memcmp($0, $0 + 1, count - 1) == 0 } ?? false
            }
            #expect(isWhole)
        }
        frame = nil
        #expect(eventually { isFreed.value.load(ordering: .relaxed) == 1 })
        memory.deallocate()
        #expect(pair.stop())
    }

    @Test("a withdrawal does not wait for ever for a peer that stopped reading")
    func stalledPeer() throws {
        let context = try Context(ioThreads: 2)
        let coordinator = try BulkExchange(
            serving: try Place.ipc.address(), context: context, softwareVersion: "test", epoch: 1)
        // Asks for more than fits into its own queue and the kernel's, and takes none of it.
        let mute = try Socket(.dealer, plane: .bulk, context: context)
        try mute.connect(to: coordinator.address)
        let hello = Hello(softwareVersion: "test", role: .client, name: WorkerID("mute"))
        let greeting = try Codec.encode(Message(.hello(hello)))
        #expect(try eventually { try mute.send(greeting) == .accepted })
        coordinator.offer(id: "p", frame: noise(300 << 20))
        for offset in 0..<300 {
            let get = Get(payload: "p", offset: offset << 20, length: 1 << 20)
            #expect(try eventually {
                try mute.send(try Codec.encode(Message(.get(get), request: 1))) == .accepted
            })
            // Slower than the peer's share of the queue fills up.
            if offset % 32 == 0 { usleep(50_000) }
        }
        usleep(200_000)
        let start = MonotonicClock.seconds
        #expect(!coordinator.withdraw(id: "p", waitingSeconds: 0.3))
        #expect(MonotonicClock.seconds - start < 2)
        coordinator.stop()
    }

    @Test("a holder that dies costs the deadline and no more, and the fault names it")
    func holderDies() throws {
        let context = try Context(ioThreads: 2)
        let coordinator = try BulkExchange(
            serving: try Place.ipc.address(), context: context, softwareVersion: "test", epoch: 1)
        let frame = noise(20 << 20)
        let reference = PayloadReference(id: "p", size: frame.count, checksum: 0)
        let arrived = Promise<Result<Frame, Fault>>()
        let start = MonotonicClock.seconds
        coordinator.fetch(reference, from: .worker(Pair.name), deadlineSeconds: 1) {
            arrived.fulfil($0)
        }
        var holder = try HandDrivenWorker(of: coordinator, context)
        #expect(try holder.serve(frame, chunks: 3) == [0, 1 << 20, 2 << 20])
        holder.close()
        guard case .failure(let fault) = try #require(arrived.wait(seconds: 10)) else {
            Issue.record("20 MiB came in 3 chunks")
            return
        }
        #expect((0.9..<3).contains(MonotonicClock.seconds - start))
        #expect(fault.code == .unavailable && fault.retryable)
        #expect(fault.message.contains("\(3 << 20) of \(20 << 20) bytes of p"))
        #expect(fault.message.contains("worker w1"))
        coordinator.stop()
    }

    @Test("after a reconnection only what had not come is asked for")
    func asksForTheRest() throws {
        let context = try Context(ioThreads: 2)
        let coordinator = try BulkExchange(
            serving: try Place.ipc.address(), context: context, softwareVersion: "test", epoch: 1)
        let frame = noise(12 << 20)
        let reference = PayloadReference(
            id: "p", size: frame.count, checksum: Checksum.of(frame))
        let arrived = Promise<Result<Frame, Fault>>()
        coordinator.fetch(reference, from: .worker(Pair.name), deadlineSeconds: 20) {
            arrived.fulfil($0)
        }
        var holder = try HandDrivenWorker(of: coordinator, context)
        #expect(try holder.serve(frame, chunks: 5).count == 5)
        #expect(eventually { coordinator.counters.chunksReceived == 5 })
        holder.close()
        var second = try HandDrivenWorker(of: coordinator, context)
        #expect(try second.serve(frame, chunks: 7) == (5..<12).map { $0 << 20 })
        #expect(try #require(arrived.wait(seconds: 5)).get() == frame)
        coordinator.stop()
    }

    @Test("sizes that nobody has memory for are refused or never touched")
    func hostileSizes() throws {
        let pair = try Pair()
        for size in [-1, Int.min, Int.max, Limits.payloadBytesMax + 1] {
            let reference = PayloadReference(id: "p", size: size, checksum: 0)
            let found = fault {
                _ = try pair.worker.fetch(reference, from: .coordinator, deadlineSeconds: 5)
            }
            #expect(found?.code == .data)
        }
        let huge = PayloadReference(id: "p", size: Limits.payloadBytesMax, checksum: 0)
        let found = fault {
            _ = try pair.worker.fetch(huge, from: .coordinator, deadlineSeconds: 5)
        }
        #expect(found?.code == .payloadMissing || found?.code == .unavailable)
        #expect(pair.stop())
    }

    @Test("a worker known to be dead fails its fetches at once")
    func forgotten() throws {
        let pair = try Pair()
        let arrived = Promise<Result<Frame, Fault>>()
        let nobody = Holder.worker(WorkerID("nobody"))
        let reference = PayloadReference(id: "p", size: 10, checksum: 0)
        pair.coordinator.fetch(reference, from: nobody, deadlineSeconds: 60) { arrived.fulfil($0) }
        pair.coordinator.forget(WorkerID("nobody"))
        guard case .failure(let fault) = try #require(arrived.wait(seconds: 5)) else {
            Issue.record("nobody sent it")
            return
        }
        #expect(fault.message.contains("nobody"))
        #expect(pair.stop())
    }

    @Test("a worker that was given up too early is served and fetched from as before")
    func forgottenTooEarly() throws {
        let pair = try Pair()
        let frame = noise(3_000_000)
        let theirs = pair.coordinator.offer(id: "theirs", frame: frame)
        let ours = pair.worker.offer(id: "ours", frame: frame)
        pair.coordinator.forget(Pair.name)
        let served = try pair.worker.fetch(theirs, from: .coordinator, deadlineSeconds: 5)
        #expect(Array(served.bytes) == Array(frame.bytes))
        let fetched = try pair.coordinator.fetch(
            ours, from: .worker(Pair.name), deadlineSeconds: 5)
        #expect(Array(fetched.bytes) == Array(frame.bytes))
        #expect(pair.stop())
    }

    @Test("a transfer goes on where it was when the worker comes back on a new connection")
    func resumes() throws {
        let pair = try Pair()
        let frame = noise(400_000_000)
        let reference = pair.worker.offer(id: "p", frame: frame)
        let arrived = Promise<Result<Frame, Fault>>()
        pair.coordinator.fetch(reference, from: .worker(Pair.name), deadlineSeconds: 30) {
            arrived.fulfil($0)
        }
        #expect(eventually { pair.coordinator.counters.chunksReceived > 5 })
        pair.worker.stop()
        let before = pair.coordinator.counters.bytesReceived
        #expect(before < frame.count, "the test came too late to interrupt anything")
        let second = try Pair.worker(of: pair.coordinator, pair.context)
        second.offer(id: "p", frame: frame)
        #expect(try #require(arrived.wait(seconds: 30)).get() == frame)
        let total = pair.coordinator.counters.bytesReceived
        #expect(total == frame.count, "chunks that had come were not sent again")
        second.stop()
        #expect(pair.stop())
    }

    @Test("a worker's fetch survives a coordinator that is replaced")
    func coordinatorReplaced() throws {
        let context = try Context(ioThreads: 2)
        let address = try Place.ipc.address()
        let frame = noise(400_000_000)
        let first = try BulkExchange(
            serving: address, context: context, softwareVersion: "test", epoch: 1)
        let reference = first.offer(id: "p", frame: frame)
        let worker = try Pair.worker(of: first, context)
        let arrived = Promise<Result<Frame, Fault>>()
        worker.fetch(reference, from: .coordinator, deadlineSeconds: 60) { arrived.fulfil($0) }
        #expect(eventually { worker.counters.chunksReceived > 5 })
        first.stop()
        // The library lets go of the address a little later; the end of a process would at once.
        #expect(eventually { !address.isServed })
        let second = try BulkExchange(
            serving: address, context: context, softwareVersion: "test", epoch: 2)
        second.offer(id: "p", frame: frame)
        #expect(try #require(arrived.wait(seconds: 60)).get() == frame)
        #expect(second.counters.bytesSent > 0 && worker.counters.bytesReceived == frame.count)
        #expect(try worker.waitForWelcome(seconds: 5).epoch == 2)
        worker.stop()
        second.stop()
        #expect(context.terminate())
    }

    @Test("many fetches of many workers end right, whatever their order")
    func many() throws {
        let pair = try Pair()
        let workers = try (0..<6).map {
            try Pair.worker(of: pair.coordinator, pair.context, name: WorkerID("m\($0)"))
        }
        let frames = (0..<8).map { noise(1 + $0 * 700_001, seed: UInt64($0 + 1)) }
        let down = frames.enumerated().map { pair.coordinator.offer(id: "d\($0)", frame: $1) }
        let wrong = Count(), done = Count()
        for (number, worker) in workers.enumerated() {
            let up = frames.enumerated().map { worker.offer(id: "u\($0)", frame: $1) }
            for index in frames.indices {
                let check: @Sendable (Result<Frame, Fault>) -> Void = { result in
                    let isRight = (try? result.get()) == frames[index]
                    if !isRight { wrong.value.add(1, ordering: .relaxed) }
                    done.value.add(1, ordering: .relaxed)
                }
                worker.fetch(
                    down[index], from: .coordinator, deadlineSeconds: 30, completion: check)
                pair.coordinator.fetch(
                    up[index], from: .worker(WorkerID("m\(number)")), deadlineSeconds: 30,
                    completion: check)
            }
        }
        #expect(eventually(within: 30) { done.value.load(ordering: .relaxed) == 96 })
        #expect(wrong.value.load(ordering: .relaxed) == 0)
        #expect(pair.coordinator.counters.resumptions == 0)
        workers.forEach { $0.stop() }
        #expect(pair.stop())
    }

    @Test("without a coordinator the wait ends in a sentence that names the address")
    func nobodyThere() throws {
        let context = try Context()
        let address = try Address("tcp://127.0.0.1:1")
        let worker = try BulkExchange(
            connectingTo: address, as: WorkerID("w"), role: .client, context: context,
            softwareVersion: "test")
        let waited = fault { _ = try worker.waitForWelcome(seconds: 0.2) }
        #expect(waited?.code == .unavailable)
        #expect(waited?.message.contains("tcp://127.0.0.1:1") == true)
        let reference = PayloadReference(id: "p", size: 10, checksum: 0)
        let fetched = fault {
            _ = try worker.fetch(reference, from: .coordinator, deadlineSeconds: 0.2)
        }
        #expect(fetched?.code == .unavailable)
        #expect(fetched?.message.contains("not connected") == true)
        worker.stop()
        let stopped = fault {
            _ = try worker.fetch(reference, from: .coordinator, deadlineSeconds: 60)
        }
        #expect(stopped?.message.contains("stopped") == true)
        #expect(context.terminate())
    }

    @Test("stopping fails what is under way")
    func stopFails() throws {
        let pair = try Pair()
        let arrived = Promise<Result<Frame, Fault>>()
        let reference = PayloadReference(id: "p", size: 10, checksum: 0)
        pair.coordinator.fetch(
            reference, from: .worker(WorkerID("absent")), deadlineSeconds: 60
        ) { arrived.fulfil($0) }
        #expect(pair.stop())
        #expect(throws: Fault.self) { try #require(arrived.wait(seconds: 1)).get() }
    }

    @Test("two exchanges do not listen on one address")
    func inUse() throws {
        let context = try Context()
        let address = try Place.ipc.address()
        let first = try BulkExchange(
            serving: address, context: context, softwareVersion: "test", epoch: 1)
        #expect(throws: TransportError.addressInUse(address)) {
            _ = try BulkExchange(
                serving: address, context: context, softwareVersion: "test", epoch: 1)
        }
        first.stop()
        #expect(context.terminate())
    }
}
