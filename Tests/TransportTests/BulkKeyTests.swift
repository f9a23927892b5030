import Glibc
import Protocol
import Testing
@testable import Transport

@Suite(.serialized)
struct BulkKeyTests {
    /// A coordinator's exchange behind a door with keys.
    private struct House {
        let context: Context
        let test: TestRing
        let door: Doorkeeper
        let coordinator: BulkExchange

        init(most: Int = 1_000) throws {
            context = try Context(ioThreads: 2)
            test = try TestRing()
            door = try Doorkeeper(
                keys: try test.coordinatorKeys(), context: context, connectionsMax: most,
                logger: silentLogger())
            coordinator = try BulkExchange(
                serving: try Address("tcp://127.0.0.1:*"), context: context,
                softwareVersion: "test", epoch: 1, behind: door)
        }

        func connect(
            _ name: String, _ role: Role, under key: String, _ keyRole: KeyRole
        ) throws -> BulkExchange {
            try BulkExchange(
                connectingTo: coordinator.address, as: WorkerID(name), role: role,
                context: context, softwareVersion: "test", keys: test.keys(key, keyRole))
        }
    }

    @Test("payloads go both ways under a worker's key")
    func worker() throws {
        let house = try House()
        let worker = try house.connect("w1", .worker, under: "node", .worker)
        _ = try worker.waitForWelcome(seconds: 10)
        let frame = noise(5_000_000)
        let down = house.coordinator.offer(id: "j/work/p", frame: frame)
        #expect(try worker.fetch(down, from: .coordinator, deadlineSeconds: 20) == frame)
        let up = worker.offer(id: "u", frame: frame)
        #expect(
            try house.coordinator.fetch(up, from: .worker(WorkerID("w1")), deadlineSeconds: 20)
                == frame)
        worker.stop()
        house.coordinator.stop()
    }

    @Test("46: a client's key fetches results and nothing else, and is told so at once")
    func client() throws {
        let house = try House()
        let client = try house.connect("c1", .client, under: "ada", .client)
        let frame = noise(100_000)
        let result = house.coordinator.offer(id: "j/result/input", frame: frame)
        let corpus = house.coordinator.offer(id: "j/corpus/0", frame: frame)
        #expect(try client.fetch(result, from: .coordinator, deadlineSeconds: 20) == frame)
        let start = MonotonicClock.seconds
        let found = fault {
            _ = try client.fetch(corpus, from: .coordinator, deadlineSeconds: 20)
        }
        #expect(found?.code == .forbidden && found?.message.contains("ada") == true)
        #expect(MonotonicClock.seconds - start < 5)
        #expect(house.door.counters.forbidden >= 1)
        client.stop()
        house.coordinator.stop()
    }

    @Test("46: a key cannot say HELLO in a role that is not its own", arguments: [
        (Role.worker, KeyRole.client), (.client, .worker),
    ])
    func wrongRole(_ role: Role, _ keyRole: KeyRole) throws {
        let house = try House()
        let peer = try house.connect("p", role, under: "k", keyRole)
        let found = fault { _ = try peer.waitForWelcome(seconds: 10) }
        #expect(found?.code == .forbidden && found?.exitCode == 77)
        peer.stop()
        house.coordinator.stop()
    }

    @Test("46: a key cannot take the name of another's worker, nor its payloads' place")
    func nameTaken() throws {
        let house = try House()
        let worker = try house.connect("w1", .worker, under: "node", .worker)
        _ = try worker.waitForWelcome(seconds: 10)
        let thief = try house.connect("w1", .worker, under: "thief", .worker)
        let found = fault { _ = try thief.waitForWelcome(seconds: 10) }
        #expect(found?.code == .forbidden && found?.message.contains("w1") == true)
        let frame = noise(200_000)
        let up = worker.offer(id: "u", frame: frame)
        thief.offer(id: "u", frame: noise(200_000, seed: 9))
        #expect(
            try house.coordinator.fetch(up, from: .worker(WorkerID("w1")), deadlineSeconds: 20)
                == frame)
        thief.stop()
        worker.stop()
        house.coordinator.stop()
    }

    @Test("42: a worker whose key is revoked gets no more chunks")
    func revoked() throws {
        let house = try House()
        let worker = try house.connect("w1", .worker, under: "node", .worker)
        _ = try worker.waitForWelcome(seconds: 10)
        let frame = noise(100_000)
        let down = house.coordinator.offer(id: "j/work/p", frame: frame)
        #expect(try worker.fetch(down, from: .coordinator, deadlineSeconds: 20) == frame)
        try house.test.ring.revoke("node")
        let key = try #require(try house.test.keys("node").pairing?.own.publicKey)
        #expect(eventually(within: 3) { house.door.holder(of: key) == nil })
        let found = fault {
            _ = try worker.fetch(down, from: .coordinator, deadlineSeconds: 5)
        }
        #expect(found?.code == .forbidden, "\(found?.message ?? "it was served")")
        worker.stop()
        house.coordinator.stop()
    }

    @Test("42: whoever is refused on the bulk plane fails in a second and says why")
    func refused() throws {
        let house = try House()
        let other = try TestRing()
        let keys = try other.keys("stranger")
        let peer = try BulkExchange(
            connectingTo: house.coordinator.address, as: WorkerID("s"), role: .worker,
            context: house.context, softwareVersion: "test", keys: keys)
        let start = MonotonicClock.seconds
        let found = fault { _ = try peer.waitForWelcome(seconds: 20) }
        #expect(found?.code == .forbidden)
        #expect(found?.message.contains("\(house.coordinator.address)") == true)
        #expect(MonotonicClock.seconds - start < 5)
        peer.stop()
        house.coordinator.stop()
    }

    @Test("43: a worker that finds no room is told so, and gets in when there is")
    func full() async throws {
        let house = try House(most: 16)
        let crowd = try (0..<15).map { _ in try RawPeer(house.coordinator.address) }
        #expect(eventually { house.door.counters.connections == 15 })
        let worker = try house.connect("w1", .worker, under: "node", .worker)
        let found = fault { _ = try worker.waitForWelcome(seconds: 10) }
        #expect(found?.code == .temporary && found?.retryable == true)
        #expect(house.door.counters.shed >= 1)
        crowd.forEach { $0.leave() }
        #expect(await soon(within: 20) { (try? worker.waitForWelcome(seconds: 0)) != nil })
        worker.stop()
        house.coordinator.stop()
    }

    @Test("the cost of keys", .enabled(if: getenv("SOUNDER_BENCH") != nil))
    func cost() throws {
        let frame = noise(400 << 20)
        for isKeyed in [false, true, false, true] {
            let context = try Context(ioThreads: 2)
            let workerContext = try Context()
            let test = try TestRing()
            let door = try Doorkeeper(
                keys: isKeyed ? try test.coordinatorKeys() : nil, context: context,
                logger: silentLogger())
            let coordinator = try BulkExchange(
                serving: try Address("tcp://127.0.0.1:*"), context: context,
                softwareVersion: "test", epoch: 1, behind: door)
            let worker = try BulkExchange(
                connectingTo: coordinator.address, as: WorkerID("w"), role: .worker,
                context: workerContext, softwareVersion: "test",
                keys: isKeyed ? test.keys("node") : .none)
            _ = try worker.waitForWelcome(seconds: 10)
            let reference = coordinator.offer(id: "p", frame: frame, checksum: 0)
            var best = 0.0
            for _ in 0..<3 {
                let start = MonotonicClock.seconds
                #expect(
                    try worker.fetch(reference, from: .coordinator, deadlineSeconds: 60).count
                        == frame.count)
                best = max(best, Double(frame.count) / (MonotonicClock.seconds - start))
            }
            print("keys \(isKeyed): \(Int(best / 1e6)) MB/s")
            worker.stop()
            coordinator.stop()
        }
    }
}
