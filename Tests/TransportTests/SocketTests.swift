import CZeroMQ
import Glibc
import Protocol
import Synchronization
import Testing
@testable import Transport

struct SocketTests {
    @Test("messages go both ways, small frames and large", arguments: Place.allCases)
    func roundTrip(place: Place) throws {
        let context = try Context()
        var router = try Socket(.router, plane: .bulk, context: context)
        var dealer = try Socket(.dealer, plane: .bulk, context: context)
        let address = try router.bind(to: try place.address())
        try dealer.connect(to: address)
        let sent = [Frame([1, 2, 3]), noise(Limits.chunkBytesMax), .empty, noise(70_000)]
        #expect(try eventually { try dealer.send(sent) == .accepted })
        try Poll.wait([router.readable], timeoutMilliseconds: 5_000)
        let (peer, frames) = try #require(try router.receive())
        #expect(frames == sent)
        #expect(try router.send([frames[1]], to: peer) == .accepted)
        try Poll.wait([dealer.readable], timeoutMilliseconds: 5_000)
        let answer = try #require(try dealer.receive())
        #expect(answer.peer == nil && answer.frames == [sent[1]])
        #expect(try dealer.receive() == nil)
    }

    @Test("a dealer without a peer would block, a router says that it does not know one")
    func nobody() throws {
        let context = try Context()
        let dealer = try Socket(.dealer, plane: .control, context: context)
        try dealer.connect(to: try Place.ipc.address())
        #expect(try dealer.send([.empty]) == .wouldBlock)
        let router = try Socket(.router, plane: .control, context: context)
        try router.bind(to: try Place.ipc.address())
        let stranger = try #require([UInt8]([0, 1, 2, 3, 4]).withUnsafeBytes { PeerID($0) })
        #expect(try router.send([Frame([1])], to: stranger) == .unknownPeer)
    }

    @Test("messages of too many frames are dropped, the next one is not")
    func tooManyFrames() throws {
        let context = try Context()
        var router = try Socket(.router, plane: .control, context: context)
        let dealer = try Socket(.dealer, plane: .control, context: context)
        try dealer.connect(to: try router.bind(to: try Place.ipc.address()))
        let many = [Frame](repeating: Frame([9]), count: Limits.framesPerMessageMax + 1)
        #expect(try eventually { try dealer.send(many) == .accepted })
        _ = try dealer.send([Frame](repeating: Frame([9]), count: 3_000))
        _ = try dealer.send([Frame([1])])
        let found = try eventually { try router.receive()?.frames == [Frame([1])] }
        #expect(found && router.dropped == 2)
    }

    @Test("a peer that chose its own id is not heard")
    func chosenID() throws {
        let context = try Context()
        var router = try Socket(.router, plane: .control, context: context)
        let address = try router.bind(to: try Place.ipc.address())
        let rude = try #require(zmq_socket(context.handle, ZMQ_DEALER))
        defer { zmq_close(rude) }
        czmq_set_int(rude, ZMQ_LINGER, 0)
        zmq_setsockopt(rude, ZMQ_ROUTING_ID, "coordinator", 11)
        zmq_connect(rude, address.endpoint)
        zmq_send(rude, "hello", 5, 0)
        let isDropped = try eventually {
            try router.receive() == nil && router.dropped == 1
        }
        #expect(isDropped)
    }

    @Test("a frame beyond the limit ends the connection that sent it, not the socket")
    func oversize() throws {
        let context = try Context()
        var router = try Socket(.router, plane: .control, context: context)
        let address = try router.bind(to: try Place.tcp.address())
        let large = try Socket(.dealer, plane: .bulk, context: context)
        try large.connect(to: address)
        #expect(try eventually { try large.send([noise(Limits.bulkFrameBytesMax)]) == .accepted })
        usleep(200_000)
        let good = try Socket(.dealer, plane: .control, context: context)
        try good.connect(to: address)
        #expect(try eventually { try good.send([Frame([1])]) == .accepted })
        #expect(try eventually { try router.receive()?.frames == [Frame([1])] })
    }

    @Test("an address where somebody listens is refused, a stale socket file is not")
    func inUse() throws {
        let context = try Context()
        for place in Place.allCases {
            let asked = try place.address()
            let second = try Socket(.router, plane: .control, context: context)
            do {
                let first = try Socket(.router, plane: .control, context: context)
                var bound = try first.bind(to: asked)
                if case .tcp(let host, _) = bound.place {
                    // A fixed port, as nobody may listen on the one that was chosen.
                    bound = try freePort(host, first)
                }
                #expect(throws: TransportError.addressInUse(bound)) { try second.bind(to: bound) }
            }
        }
        let path = "/tmp/sounder-stale-\(getpid())"
        let stale = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(stale, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        close(stale)
        let third = try Socket(.router, plane: .control, context: context)
        #expect(throws: Never.self) { try third.bind(to: try Address("ipc://\(path)")) }
    }

    private func freePort(_ host: String, _ socket: borrowing Socket) throws -> Address {
        for _ in 0..<50 {
            let address = try Address("tcp://\(host):\(Int.random(in: 20_000...32_000))")
            do { return try socket.bind(to: address) } catch TransportError.addressInUse {}
        }
        throw TransportError.system(operation: "finding a free port", reason: "none in 50 tries")
    }

    @Test("addresses that are not of this machine are refused in words")
    func notHere() throws {
        let context = try Context()
        let socket = try Socket(.router, plane: .control, context: context)
        for text in ["tcp://192.0.2.1:5761", "ipc:///no/such/directory/socket"] {
            let address = try Address(text)
            do {
                try socket.bind(to: address)
                Issue.record("\(address) was bound")
            } catch {
                guard case .cannotBind(address, _) = error else {
                    Issue.record("\(error)")
                    continue
                }
                #expect(error.description.contains(text))
            }
        }
    }

    @Test("the last reader of a lent frame frees it")
    func lentFrames() throws {
        let context = try Context()
        var router = try Socket(.router, plane: .bulk, context: context)
        let dealer = try Socket(.dealer, plane: .bulk, context: context)
        try dealer.connect(to: try router.bind(to: try Place.ipc.address()))
        let freed = Count()
        do {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
            memory.initializeMemory(as: UInt8.self, repeating: 5)
            let frame = Frame(UnsafeRawBufferPointer(memory)) { bytes in
                bytes.deallocate()
                freed.value.add(1, ordering: .relaxed)
            }
            #expect(try eventually { try dealer.send([frame]) == .accepted })
        }
        var last: Frame?
        #expect(try eventually {
            if let frames = try router.receive()?.frames { last = frames[0] }
            return last != nil
        })
        #expect(eventually { freed.value.load(ordering: .relaxed) == 1 })
        #expect(last?.count == 1 << 20 && last?.bytes.allSatisfy { $0 == 5 } == true)
    }

    @Test("a monitor tells of connections and of their loss")
    func monitors() throws {
        let context = try Context()
        var dealer = try Socket(.dealer, plane: .control, context: context)
        let monitor = try dealer.monitor()
        do {
            let router = try Socket(.router, plane: .control, context: context)
            try dealer.connect(to: try router.bind(to: try Place.ipc.address()))
            #expect(try eventually { try monitor.next() == .connected })
        }
        #expect(try eventually {
            if case .disconnected = try monitor.next() { true } else { false }
        })
    }

    @Test("termination ends a loop that waits, and does not wait for one that does not listen")
    func termination() throws {
        let context = try Context()
        let ended = Promise<TransportError>()
        let thread = try OwnedThread(name: "loop") {
            do throws(TransportError) {
                let socket = try Socket(.router, plane: .control, context: context)
                while true { try Poll.wait([socket.readable], timeoutMilliseconds: 50_000) }
            } catch { ended.fulfil(error) }
        }
        usleep(50_000)
        #expect(context.terminate(withinSeconds: 5))
        #expect(ended.wait(seconds: 5) == .terminated)
        thread.join()

        let stubborn = try Context()
        let socket = try Socket(.router, plane: .control, context: stubborn)
        #expect(!stubborn.terminate(withinSeconds: 0.1))
        _ = socket.kind
    }
}

final class Count: Sendable { let value = Atomic(0) }
