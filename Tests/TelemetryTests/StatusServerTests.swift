// The status pages answer those who ask rightly, and cannot be kept busy by those who do not.

import Foundation
import Protocol
import TestSupport
import Testing

@testable import Telemetry

@Suite("Status pages", .serialized)
struct StatusServerTests {
    /// Made at once: the server's thread would take a second for it, letter by letter.
    private static let long = String(
        decoding: [UInt8](repeating: 120, count: 8 << 20), as: UTF8.self)

    private func serve() throws -> StatusServer {
        try StatusServer(at: HostPort("127.0.0.1:0")) { path in
            switch path {
            case "/metrics": Page("a_total 1\n")
            case "/long": Page(Self.long)
            default: nil
            }
        }
    }

    private func reply(_ request: String, to server: StatusServer) throws -> String {
        let caller = try TCPCaller(server.place.port)
        caller.send(Array(request.utf8))
        return caller.reply()
    }

    @Test("a GET gets the page with its length, and the connection ends")
    func get() throws {
        let server = try serve()
        for request in [
            "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "GET /metrics?a=b HTTP/1.0\n\n",
            "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
        ] {
            let reply = try reply(request, to: server)
            #expect(reply.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(reply.contains("\r\nContent-Length: 10\r\n"))
            #expect(reply.contains("\r\nConnection: close\r\n"))
            #expect(reply.hasSuffix("\r\n\r\na_total 1\n"))
        }
        server.stop()
    }

    @Test(
        "49: what is no proper request gets its status and no more",
        arguments: [
            ("GET /none HTTP/1.1\r\n\r\n", 404), ("POST /metrics HTTP/1.1\r\n\r\n", 405),
            ("HEAD /metrics HTTP/1.1\r\n\r\n", 405), ("GET /metrics HTTP/2\r\n\r\n", 505),
            ("GET metrics HTTP/1.1\r\n\r\n", 400), ("GET /metrics\r\n\r\n", 400),
            ("GET  /metrics HTTP/1.1\r\n\r\n", 400), ("GET /\u{7F} HTTP/1.1\r\n\r\n", 400),
            ("\u{16}\u{3}\u{1}", 400), ("\r\n\r\n", 400), ("PRI * HTTP/2.0\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 5_000) + "\r\n", 431),
            ("GET /" + String(repeating: "a", count: 100_000), 431),
        ])
    func refusals(request: String, status: Int) throws {
        let server = try serve()
        let reply = try reply(request, to: server)
        #expect(reply.hasPrefix("HTTP/1.1 \(status) "), "\(reply.prefix(80))")
        server.stop()
    }

    @Test("a request may come byte by byte, and a long page goes to a slow reader")
    func slowly() throws {
        let server = try serve()
        let caller = try TCPCaller(server.place.port)
        for byte in "GET /long HTTP/1.1\r\n\r\n".utf8 {
            caller.send([byte])
            usleep(1_000)
        }
        usleep(200_000)
        #expect(caller.reply().utf8.count > 8 << 20)
        server.stop()
    }

    @Test("49: whoever sends a request without end, or none, is cut off after five seconds")
    func slowloris() throws {
        let server = try serve()
        let silent = try (0..<20).map { _ in try TCPCaller(server.place.port) }
        let slow = try (0..<20).map { _ in try TCPCaller(server.place.port) }
        let deaf = try (0..<4).map { _ in try TCPCaller(server.place.port) }
        for caller in deaf { caller.send(Array("GET /long HTTP/1.1\r\n\r\n".utf8)) }
        let began = Date()
        while Date().timeIntervalSince(began) < StatusServer.secondsMax + 1.5 {
            for caller in slow { caller.send(Array("G".utf8)) }
            let asked = Date()
            #expect(try reply("GET /metrics HTTP/1.1\r\n\r\n", to: server).contains("a_total 1"))
            #expect(Date().timeIntervalSince(asked) < 4)
            usleep(100_000)
        }
        for caller in silent + slow { #expect(caller.isClosed) }
        server.stop()
    }

    @Test("49: beyond 64 connections the oldest gives way, and a scrape still comes through")
    func flood() throws {
        let server = try serve()
        var callers: [TCPCaller] = []
        for _ in 0..<300 {
            callers.append(try TCPCaller(server.place.port))
            if callers.count % 50 == 0 {
                let reply = try reply("GET /metrics HTTP/1.1\r\n\r\n", to: server)
                #expect(reply.contains("a_total 1"))
            }
        }
        usleep(200_000)
        #expect(callers.count { !$0.isClosed } <= StatusServer.connectionsMax)
        #expect(callers.prefix(200).allSatisfy { $0.isClosed })
        server.stop()
    }

    @Test("nothing is left open when it stops, and the port is free again")
    func stop() throws {
        let server = try serve()
        let caller = try TCPCaller(server.place.port)
        usleep(50_000)
        server.stop()
        #expect(caller.isClosed)
        let again = try StatusServer(at: server.place) { _ in Page("again") }
        #expect(try reply("GET / HTTP/1.1\r\n\r\n", to: again).hasSuffix("again"))
        again.stop()
    }

    @Test("a port that is taken is a fault that says so")
    func taken() throws {
        let server = try serve()
        let fault = #expect(throws: Fault.self) {
            _ = try StatusServer(at: server.place) { _ in nil }
        }
        #expect(fault?.exitCode == 69)
        #expect(fault?.message.contains("\(server.place)") == true)
        server.stop()
    }

    @Test(
        "places are HOST:PORT",
        arguments: ["127.0.0.1:5763", "localhost:0", "[::1]:80", "node-1.example:65535"])
    func places(text: String) throws {
        #expect(try HostPort(text).description == text)
    }

    @Test(
        "other places are refused",
        arguments: ["", ":", "5763", ":5763", "a:", "a:65536", "a:-1", "::1:80", "a:1x", "[]:1"])
    func badPlaces(text: String) {
        let fault = #expect(throws: Fault.self) { try HostPort(text) }
        #expect(fault?.exitCode == 64)
    }

    @Test("the pages say whether the loop turns and whether the service is of use")
    func pages() throws {
        let registry = Registry()
        registry.counter("a_total", "Help.").add()
        let pulse = Pulse(ServiceNotifier(socket: nil))
        let server = try StatusServer.serve(
            registry, at: HostPort("127.0.0.1:0"), pulse: pulse, obstacle: { "nobody is there" })
        let metrics = try reply("GET /metrics HTTP/1.1\r\n\r\n", to: server)
        #expect(metrics.contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
        #expect(metrics.hasSuffix("\na_total 1\n"))
        #expect(try reply("GET /healthz HTTP/1.1\r\n\r\n", to: server).contains(" 200 OK"))
        let ready = try reply("GET /readyz HTTP/1.1\r\n\r\n", to: server)
        #expect(ready.contains(" 503 ") && ready.hasSuffix("\r\n\r\nnobody is there\n"))
        server.stop()
    }
}
