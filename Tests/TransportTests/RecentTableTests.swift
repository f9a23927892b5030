// What is remembered is what was used lately, and never more than a bound.

import Testing
import Transport

@Suite struct RecentTableTests {
    private var table = RecentTable<Int, String>(countMax: 3, lifetimeMilliseconds: 100, now: 0)

    @Test("what is in use stays, what is not goes within two lifetimes")
    mutating func lifetime() {
        table.set(1, "used", now: 0)
        table.set(2, "idle", now: 0)
        for now in stride(from: Int64(50), through: 400, by: 50) {
            #expect(table.use(1, now: now) == "used")
        }
        #expect(table.use(2, now: 400) == nil)
        #expect(table.count == 1)
    }

    @Test("looking is not using")
    mutating func peeking() {
        table.set(1, "one", now: 0)
        #expect(table.use(1, now: 150) == "one")
        #expect(table.peek(1) == "one")
        #expect(table.use(2, now: 260) == nil)
        #expect(table.peek(1) == "one")
        #expect(table.use(2, now: 370) == nil)
        #expect(table.peek(1) == nil)
    }

    @Test("after a long silence nothing is left")
    mutating func silence() {
        table.set(1, "one", now: 0)
        #expect(table.use(1, now: 200) == nil)
        #expect(table.count == 0)
    }

    @Test("a flood of new keys costs those that were not used the longest, and no more memory")
    mutating func flood() {
        for key in 0..<1_000 {
            table.set(key, "\(key)", now: 0)
            #expect(table.use(0, now: 0) == "0", "used all the time")
            #expect(table.count <= 6)
        }
        #expect(table.peek(999) == "999" && table.peek(5) == nil)
    }

    @Test("a value is replaced and removed wherever it is kept")
    mutating func removal() {
        table.set(1, "old", now: 0)
        table.set(1, "new", now: 150)
        #expect(table.count == 1 && table.peek(1) == "new")
        #expect(table.remove(1) == "new")
        table.set(2, "former", now: 150)
        #expect(table.use(3, now: 260) == nil)
        #expect(table.remove(2) == "former" && table.remove(2) == nil)
    }
}
