import CZeroMQ
import Glibc
import Synchronization
import Testing
@testable import Transport

struct MailboxTests {
    @Test("what is posted is drained once and in order")
    func order() throws {
        let mailbox = try Mailbox<Int>()
        for number in 0..<100 { mailbox.post(number) }
        #expect(try Poll.wait([mailbox.readable], timeoutMilliseconds: 0) == [true])
        #expect(mailbox.drain() == Array(0..<100))
        #expect(mailbox.drain() == [])
        #expect(try Poll.wait([mailbox.readable], timeoutMilliseconds: 0) == [false])
    }

    @Test("a closed mailbox refuses, and hands out what it held")
    func closes() throws {
        let mailbox = try Mailbox<Int>()
        #expect(mailbox.post(1))
        #expect(mailbox.close() == [1])
        #expect(!mailbox.post(2))
        #expect(mailbox.drain() == [])
    }

    @Test("no post of many threads is lost")
    func contended() throws {
        let mailbox = try Mailbox<Int>()
        let threads = try (0..<4).map { thread in
            try OwnedThread(name: "post-\(thread)") {
                for number in 0..<5_000 { mailbox.post(thread * 5_000 + number) }
            }
        }
        var seen: Set<Int> = []
        let all = try eventually(within: 20) {
            try Poll.wait([mailbox.readable], timeoutMilliseconds: 1_000)
            seen.formUnion(mailbox.drain())
            return seen.count == 20_000
        }
        threads.forEach { $0.join() }
        #expect(all)
    }

    @Test("a post wakes a waiting thread within milliseconds")
    func latency() throws {
        let mailbox = try Mailbox<Double>()
        let delays = Mutex<[Double]>([])
        let thread = try OwnedThread(name: "sleeper", stackBytes: 256 * 1024) {
            for _ in 0..<50 {
                _ = try? Poll.wait([mailbox.readable], timeoutMilliseconds: 5_000)
                let now = MonotonicClock.seconds
                delays.withLock { all in all += mailbox.drain().map { now - $0 } }
            }
        }
        for count in 1...50 {
            usleep(1_000)
            mailbox.post(MonotonicClock.seconds)
            #expect(eventually { delays.withLock { $0.count } >= count })
        }
        thread.join()
        let sorted = delays.withLock { $0.sorted() }
        #expect(sorted[25] < 0.01, "half of the posts took longer than \(sorted[25]) s")
    }

    @Test("a signal does not end a wait early")
    func signals() throws {
        signal(SIGUSR1) { _ in }
        let mailbox = try Mailbox<Int>()
        let waited = Promise<Double>()
        let handle = Promise<UInt>()
        let thread = try OwnedThread(name: "waiter") {
            var mask = sigset_t()
            sigemptyset(&mask)
            pthread_sigmask(SIG_SETMASK, &mask, nil)
            handle.fulfil(UInt(pthread_self()))
            let start = MonotonicClock.seconds
            _ = try? Poll.wait([mailbox.readable], timeoutMilliseconds: 300)
            waited.fulfil(MonotonicClock.seconds - start)
        }
        let target = try #require(handle.wait(seconds: 5))
        for _ in 0..<10 {
            usleep(20_000)
            pthread_kill(pthread_t(target), SIGUSR1)
        }
        let seconds = try #require(waited.wait(seconds: 5))
        thread.join()
        #expect(seconds >= 0.295 && seconds < 2)
    }

    @Test("an owned thread blocks the signals that others handle")
    func blocksSignals() throws {
        var before = sigset_t(), after = sigset_t()
        pthread_sigmask(SIG_SETMASK, nil, &before)
        let blocked = Promise<[Bool]>()
        let thread = try OwnedThread(name: "quiet") {
            var mask = sigset_t()
            pthread_sigmask(SIG_SETMASK, nil, &mask)
            blocked.fulfil([SIGTERM, SIGINT, SIGSEGV].map { sigismember(&mask, $0) == 1 })
        }
        thread.join()
        #expect(blocked.wait(seconds: 1) == [true, true, false])
        pthread_sigmask(SIG_SETMASK, nil, &after)
        for signal in Int32(1)..<32 {
            #expect(
                sigismember(&before, signal) == sigismember(&after, signal),
                "the starting thread keeps its own mask")
        }
    }
}
