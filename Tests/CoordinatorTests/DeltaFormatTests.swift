// Changes that are written otherwise than a job has asked for are refused before they count.

import Foundation
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

    /// What a worker leaves that reduced the only part, of which one row of three values moves.
    private func part(
        velocity: [Float], _ change: (String) -> String = { $0 }
    ) throws -> [Frame] {
        let step = try self.change(.bf16)
        var pieces = ShardPieces(endpoint: PeerEndpoint(address: "ipc:///w", key: nil), prefix: "p")
        let reference = PayloadReference(id: "", size: step.count, checksum: 0)
        pieces.add(input: reference, output: reference)
        let result = try JSONEncoder().encode(ShardResult(pieces: pieces))
        let velocities = Frame(velocity.withUnsafeBytes { [UInt8]($0) })
        return [
            Frame([UInt8](change(String(decoding: result, as: UTF8.self)).utf8)), step, step,
            velocities, velocities,
        ]
    }

    private func refusal(_ outputs: [Frame], moves: Bool = true) -> String? {
        do throws(Fault) {
            try OutputCheck.part(
                outputs, of: ((4, 3), (4, 3)), as: nil, parts: 1, moves: moves)
            return nil
        } catch {
            #expect(error.code == .data)
            return error.message
        }
    }

    @Test("velocities of another size than the step of a part, or not finite, are refused")
    func velocities() throws {
        #expect(try refusal(part(velocity: [1, 2, 3])) == nil)
        #expect(try refusal(part(velocity: []), moves: false) == nil)
        #expect(try refusal(part(velocity: [1, 2]))?.contains("8 bytes where 12") == true)
        #expect(try refusal(part(velocity: [1, 2, 3]), moves: false)?.contains("bytes") == true)
        for bad in [Float.nan, .infinity] {
            let found = try refusal(part(velocity: [1, bad, 3]))
            #expect(found?.contains("input velocities of part 0 are not finite") == true)
        }
    }

    @Test("a part that was reduced although changes of it are said to be missing is refused")
    func missingBesideReduced() throws {
        let outputs = try part(velocity: [1, 2, 3]) {
            $0.replacingOccurrences(of: "\"missing\":[]", with: "\"missing\":[99999]")
        }
        #expect(refusal(outputs)?.contains("missing") == true)
    }
}
