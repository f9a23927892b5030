// Changes that are written otherwise than a job has asked for are refused before they count.

import Protocol
import Tensors
import Testing
import Transport
import WordJobs

@testable import Coordinator

@Suite struct DeltaFormatTests {
    private func change(_ deltas: TrainWords.Deltas) throws -> Frame {
        let live = try Matrix(rows: 4, columns: 3)
        live.row(2)[1] = 0.5
        let delta = try RowDelta.encode(
            from: live, base: try Matrix(rows: 4, columns: 3), format: RowDelta.Format(deltas),
            threads: 1)
        return delta.withUnsafeBytes { Frame([UInt8]($0)) }
    }

    @Test("a job without the setting writes bf16")
    func standard() {
        var spec = TrainWords(files: [])
        #expect(spec.deltaFormat == .bf16)
        spec.deltas = .int8
        #expect(spec.deltaFormat == .int8)
    }

    @Test("a change in the format of the job passes, one in another is refused by name")
    func refusal() throws {
        for (format, other) in [(TrainWords.Deltas.bf16, TrainWords.Deltas.int8), (.int8, .bf16)] {
            try OutputCheck.change(try change(format), of: (4, 3), as: format, "the change")
            do throws(Fault) {
                let wrong: Frame
                do { wrong = try change(other) } catch { throw Fault(.data, "\(error)") }
                try OutputCheck.change(wrong, of: (4, 3), as: format, "the change")
                Issue.record("\(other) passed for \(format)")
            } catch {
                #expect(error.message.contains("\(other) instead of \(format)"), "\(error)")
            }
        }
    }

    @Test("a change of int8 whose scale is damaged is refused")
    func damage() throws {
        var bytes = try change(.int8).withUnsafeBytes { [UInt8]($0) }
        // The only scale stands behind the only row number.
        bytes.replaceSubrange(36..<40, with: [0, 0, 0xC0, 0x7F])
        #expect(throws: Fault.self) {
            try OutputCheck.change(Frame(bytes), of: (4, 3), as: .int8, "the change")
        }
    }
}
