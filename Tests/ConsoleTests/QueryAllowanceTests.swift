// The time of a query, which its stages share.

import Protocol
import Testing

@testable import Console

@Suite("Time of a query")
struct QueryAllowanceTests {
    @Test("a stage gets what those before it have left, and all stages together no more than that")
    func shared() {
        var allowance = QueryAllowance(milliseconds: 1_000)
        #expect(allowance.left == 1_000)
        allowance.spend(milliseconds: 250.2)
        #expect(allowance.left == 749)
        allowance.spend(milliseconds: 748.9)
        // What is left of a millisecond is too little to ask anybody.
        #expect(allowance.left == nil)
        allowance.spend(milliseconds: 5_000)
        #expect(allowance.left == nil)
    }

    @Test("a stage that cannot begin any more is named, with the limit and what to do")
    func exhausted() {
        var allowance = QueryAllowance(milliseconds: 40)
        allowance.spend(milliseconds: 41.5)
        let fault = allowance.exhaustion(before: "maxsim")
        #expect(fault.code == .temporary && fault.retryable)
        for part in ["maxsim", "40 ms", "41", "allow more time, or partial answers"] {
            #expect(fault.message.contains(part), "\(fault.message)")
        }
    }

    @Test("a late stage says what was left for it, unless it had all of the time")
    func explained() {
        var allowance = QueryAllowance(milliseconds: 1_000)
        let late = Fault(.temporary, "1 of 4 shards did not answer within 1000 ms")
        let other = Fault(.data, "a shard is damaged")
        #expect(allowance.explained(late, of: "bm25") == late)
        allowance.spend(milliseconds: 600)
        let told = allowance.explained(late, of: "maxsim")
        #expect(told.code == .temporary && told.message.hasPrefix("maxsim: \(late.message)"))
        #expect(told.message.contains("of the 1000 ms") && told.message.hasSuffix("took 600"))
        #expect(allowance.explained(other, of: "maxsim") == other)
    }
}
