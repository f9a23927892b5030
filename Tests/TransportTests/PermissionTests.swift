import Glibc
import Protocol
import Testing
@testable import Transport

struct PermissionTests {
    private static let unit = WorkUnitID(job: JobID("j"), round: 0, index: 0)
    private static let lease = Lease(epoch: 1, attempt: 1, token: 1)
    private static let fault = Fault(.data, "x")

    private static func hello(_ role: Role) -> Header {
        .hello(Hello(softwareVersion: "1", role: role, name: WorkerID("n")))
    }

    private static func get(_ payload: String) -> Header {
        .get(Get(payload: payload, offset: 0, length: 1))
    }

    private static let workers: [Header] = [
        hello(.worker), .heartbeat(Heartbeat()),
        .unitFinished(
            UnitFinished(
                unit: unit, lease: lease, outcome: UnitOutcome(outputs: [], measures: [:]))),
        .unitFailed(UnitFailed(unit: unit, lease: lease, fault: fault)),
        .goodbye(Goodbye(finishing: true)), .chunk(Chunk(payload: "p", offset: 0)),
        .missing(Missing(payload: "p", fault: fault)), get("j/corpus/0"), get("j/work/step"),
    ]
    private static let clients: [Header] = [
        hello(.client), .query(Query()), .cancel(Cancel(job: JobID("j"))),
        .retry(Retry(job: JobID("j"))), .readLog(ReadLog(job: JobID("j"), after: 0)),
        .submit(Submit(key: "k", spec: .trainWords(TrainWords(files: [])))),
    ]
    private static let both: [Header] = [get("j/result/input")]
    private static let admins: [Header] = [.drainWorker(DrainWorker(worker: WorkerID("w")))]
    private static let nobodys: [Header] = [
        .drain, .refused(Refused(fault: fault)), .release(Release(unit: unit, lease: lease)),
        .revoke(Revoke(unit: unit, lease: lease)), .accepted(Accepted(job: JobID("j"))),
        .welcome(
            Welcome(
                epoch: 1, softwareVersion: "", heartbeatMilliseconds: 10,
                livenessMilliseconds: 10)),
    ]

    @Test("46: each role may say its own verbs and no others; an administrator all")
    func table() {
        for header in Self.workers {
            #expect(KeyRole.worker.permits(header) && !KeyRole.client.permits(header))
        }
        for header in Self.clients {
            #expect(KeyRole.client.permits(header) && !KeyRole.worker.permits(header))
        }
        for header in Self.both {
            #expect(KeyRole.client.permits(header) && KeyRole.worker.permits(header))
        }
        for header in Self.admins + Self.nobodys {
            #expect(!KeyRole.client.permits(header) && !KeyRole.worker.permits(header))
        }
        for header in Self.workers + Self.clients + Self.both + Self.admins {
            #expect(KeyRole.admin.permits(header))
        }
    }

    @Test("46: only what is a job's result counts as one", arguments: [
        "result/input", "j/work/result/x", "j//result/x", "/j/result", "j/resultx/y", "j", "",
    ])
    func noResult(_ payload: String) {
        #expect(!KeyRole.client.permits(Self.get(payload)))
    }

    @Test("47: messages pass at the allowed rate, and whoever sends more is told once a second")
    func allowance() {
        var allowance = Allowance(perSecond: 10, burst: 5, now: 1_000)
        #expect((0..<5).allSatisfy { _ in allowance.spend(now: 1_000) == .pass })
        #expect(allowance.spend(now: 1_000) == .drop(tell: true))
        #expect(allowance.spend(now: 1_050) == .drop(tell: false))
        #expect(allowance.spend(now: 1_150) == .pass)
        #expect(allowance.spend(now: 1_150) == .drop(tell: false))
        // A clock that stands still or goes back gives nothing.
        #expect(allowance.spend(now: 900) == .drop(tell: false))
        #expect(allowance.spend(now: 2_050) == .pass)
        var passed = 0
        for now in 10_000..<20_000 where allowance.spend(now: Int64(now)) == .pass { passed += 1 }
        #expect((100...106).contains(passed), "\(passed) in 10 s")
    }

    @Test("46: a name belongs to the key that uses it, until it has not for a minute")
    func names() throws {
        let claims = NameClaims(now: 0)
        let (one, other) = (try KeyPair.generate().publicKey, try KeyPair.generate().publicKey)
        let name = WorkerID("w")
        #expect(claims.claim(name, by: one, now: 0))
        #expect(!claims.claim(name, by: other, now: 1))
        #expect(claims.claim(name, by: one, now: 50_000))
        #expect(!claims.claim(name, by: other, now: 100_000))
        #expect(claims.claim(WorkerID("v"), by: other, now: 100_000))
        #expect(claims.claim(name, by: other, now: 110_000))
        #expect(!claims.claim(name, by: one, now: 110_001))
    }

    @Test("a coordinator that breaks off is given up after a second, one that is slow is not")
    func judging() throws {
        let address = try Address("tcp://127.0.0.1:5761")
        let test = try TestRing()
        let keys = try test.keys("w")
        var judge = HandshakeJudge(address, keys)
        let breakOff = ConnectionMonitor.Event.handshakeFailed(.brokenOff)
        #expect(judge.judge(.reached, at: 0) == nil)
        #expect(judge.judge(breakOff, at: 0) == nil)
        #expect(judge.judge(.disconnected(descriptor: 3), at: 0) == nil)
        #expect(judge.judge(.reached, at: 0.5) == nil)
        #expect(judge.judge(breakOff, at: 0.5) == nil)
        #expect(judge.judge(.reached, at: 1.2) == nil)
        let fault = judge.judge(breakOff, at: 1.2)
        #expect(fault?.exitCode == 77)
        #expect(fault?.message.contains("coordinator.pub") == true)
        #expect(fault?.message.contains("\(address)") == true)

        var patient = HandshakeJudge(address, keys)
        for start in stride(from: 0.0, to: 60, by: 6) {
            #expect(patient.judge(.reached, at: start) == nil)
            #expect(patient.judge(breakOff, at: start + 5) == nil)
        }
        // A success in between wipes the slate.
        var fickle = HandshakeJudge(address, keys)
        for start in stride(from: 0.0, to: 60, by: 6) {
            #expect(fickle.judge(.reached, at: start) == nil)
            #expect(fickle.judge(breakOff, at: start) == nil)
            #expect(fickle.judge(.reached, at: start + 3) == nil)
            #expect(fickle.judge(.connected, at: start + 3) == nil)
        }
        var alien = HandshakeJudge(address, keys)
        _ = alien.judge(.reached, at: 0)
        #expect(alien.judge(.disconnected(descriptor: 3), at: 0)?.exitCode == 77)
    }
}
