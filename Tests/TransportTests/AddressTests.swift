import Testing
@testable import Transport

struct AddressTests {
    @Test("addresses are read and written back", arguments: [
        "tcp://127.0.0.1:5761", "tcp://node-7.cluster_a.example:5761", "tcp://[::1]:5761",
        "tcp://0.0.0.0:1", "ipc:///run/sounder/control", "tcp://localhost:*",
    ])
    func roundTrip(text: String) throws {
        #expect(try Address(text).description == text)
    }

    @Test("what is no address is refused", arguments: [
        "", "localhost:5761", "udp://127.0.0.1:5761", "tcp://", "tcp://host", "tcp://host:",
        "tcp://host:0x10", "tcp://host:65535", "tcp://host:-1", "tcp://host:99999999999999999999",
        "tcp://*:5761", "tcp://::1:5761", "tcp://[::1:5761", "tcp://[127.0.0.1]:5761",
        "tcp://127.0.0.300:5761", "tcp://a b:5761", "tcp://a..b:5761", "tcp://-a:5761", "ipc://",
        "ipc://*", "ipc://@abstract", "ipc:///tmp/a\0b", "ipc://" + String(repeating: "x", count: 108),
        "tcp://host;127.0.0.1:5761", "tcp://١٢٧.0.0.1:5761", "tcp://host:٥٧٦١",
    ])
    func refused(text: String) {
        #expect(throws: TransportError.self) { try Address(text) }
    }

    @Test("a refusal names the address and the form to use")
    func sentence() {
        #expect(throws: TransportError.badAddress("host:1", reason: "it begins with neither tcp:// nor ipc://")) {
            try Address("host:1")
        }
        let error = TransportError.badAddress("host:1", reason: "so")
        #expect(error.description.contains("host:1") && error.description.contains("tcp://HOST:PORT"))
    }

    @Test("the bulk plane is at the next port, or beside the path")
    func bulk() throws {
        #expect(try Address("tcp://host:5761").bulk().description == "tcp://host:5762")
        #expect(try Address("tcp://[::1]:65534").bulk().description == "tcp://[::1]:65535")
        #expect(try Address("tcp://host:*").bulk().description == "tcp://host:*")
        #expect(try Address("ipc:///a").bulk().description == "ipc:///a.bulk")
        let long = "ipc://" + String(repeating: "x", count: 102)
        #expect(try Address(long).bulk().description == long + ".bulk")
        #expect(throws: TransportError.self) { try Address(long + "x").bulk() }
    }

    @Test("loopback is what no other machine reaches", arguments: [
        ("ipc:///a", true), ("tcp://localhost:1", true), ("tcp://127.9.9.9:1", true),
        ("tcp://[::1]:1", true), ("tcp://[::ffff:127.0.0.1]:1", true), ("tcp://[::2]:1", false),
        ("tcp://127.evil.example:1", false), ("tcp://0.0.0.0:1", false), ("tcp://10.0.0.1:1", false),
    ])
    func loopback(text: String, expected: Bool) throws {
        #expect(try Address(text).isLoopback == expected)
    }

    @Test("nobody listens on a port that the system gives to outgoing connections")
    func ephemeral() throws {
        let context = try Context()
        let socket = try Socket(.router, plane: .control, context: context)
        #expect(throws: TransportError.self) { try socket.bind(to: try Address("tcp://127.0.0.1:32768")) }
    }
}
