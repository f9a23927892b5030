// The service manager hears what it asked to hear, at the times it set, and nothing else.

import Foundation
import TestSupport
import Testing

@testable import Telemetry

@Suite("The service manager")
struct ServiceNotifierTests {
    @Test("hears of readiness once, of each new status, and of the end", arguments: [false, true])
    func messages(isAbstract: Bool) throws {
        let scratch = try Scratch()
        let name = isAbstract ? "@sounder-test-\(UUID().uuidString)" : scratch.path("notify")
        let manager = try NotifySocket(name)
        let notifier = ServiceNotifier(socket: name)
        notifier.ready()
        notifier.ready()
        notifier.status("2 workers")
        notifier.status("2 workers")
        notifier.status("3\nworkers")
        notifier.stopping()
        #expect(
            manager.heard() == [
                "READY=1", "STATUS=2 workers", "STATUS=3 workers", "STOPPING=1",
            ])
    }

    @Test("that does not read keeps nobody waiting")
    func deaf() throws {
        let scratch = try Scratch()
        let manager = try NotifySocket(scratch.path("notify"))
        let notifier = ServiceNotifier(socket: scratch.path("notify"))
        let began = Date()
        for number in 0..<100_000 { notifier.status("\(number)") }
        #expect(Date().timeIntervalSince(began) < 10)
        #expect(manager.heard().first == "STATUS=0")
    }

    @Test(
        "is not there where the environment names none",
        arguments: [nil, "", "/", "@", "relative", "vsock:2:1", String(repeating: "/x", count: 99)])
    func none(name: String?) {
        let notifier = ServiceNotifier(socket: name, watchdogMicroseconds: 1_000_000)
        #expect(!notifier.isActive)
        #expect(notifier.watchdogMilliseconds == nil)
        notifier.ready()
        Pulse(notifier).turn()
    }

    @Test("hears the watchdog from a loop that turns, at most at half its time, and then no more")
    func watchdog() throws {
        let scratch = try Scratch()
        let manager = try NotifySocket(scratch.path("notify"))
        let notifier = ServiceNotifier(
            socket: scratch.path("notify"), watchdogMicroseconds: 400_000)
        let pulse = Pulse(notifier)
        #expect(pulse.waitMaxMilliseconds == 200)
        let began = Date()
        while Date().timeIntervalSince(began) < 1 {
            pulse.turn()
            usleep(10_000)
        }
        let beats = manager.heard()
        #expect(Set(beats) == ["WATCHDOG=1"])
        #expect((3...6).contains(beats.count), "\(beats.count) beats")
        usleep(500_000)
        // The loop stands still, and nothing else may speak for it.
        #expect(manager.heard() == [])
        #expect(pulse.silence >= 400)
    }

    @Test("that watches nothing hears no watchdog")
    func unwatched() throws {
        let scratch = try Scratch()
        let manager = try NotifySocket(scratch.path("notify"))
        let pulse = Pulse(ServiceNotifier(socket: scratch.path("notify")))
        #expect(pulse.waitMaxMilliseconds == 1_000)
        pulse.turn()
        #expect(manager.heard() == [])
        #expect(pulse.silence < 5_000)
    }
}
