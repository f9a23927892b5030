// Outputs that shards could not be made of are refused before their unit counts.

import Documents
import Protocol
import Tensors
import Testing

@testable import Coordinator

@Suite struct EncodedShapeTests {
    private func refusal(_ frame: Frame, _ spec: EncodeDocuments) -> String? {
        do throws(Fault) {
            _ = try EncodedShape(checking: frame, for: spec)
            return nil
        } catch {
            #expect(error.code == .data)
            return error.message
        }
    }

    @Test("sound outputs pass, in every stored type", arguments: StoredType.allCases)
    func sound(_ type: StoredType) throws {
        let spec = Sample.spec { $0.dtype = type.rawValue }
        let output = Sample.output(0..<5, dtype: type, value: { _ in 0.5 })
        #expect(try EncodedShape(checking: output, for: spec).dimension == 4)
    }

    @Test("numbers that are not finite are refused", arguments: [StoredType.f32, .f16, .bf16])
    func notFinite(_ type: StoredType) {
        let spec = Sample.spec { $0.dtype = type.rawValue }
        for bad in [Float.nan, .infinity, -.infinity] {
            let output = Sample.output(0..<5, dtype: type, value: { $0 == 4 ? bad : 1 })
            #expect(refusal(output, spec)?.contains("finite") == true)
        }
    }

    @Test("another dimension, order or number of rows than can be is refused")
    func shape() {
        let spec = Sample.spec()
        #expect(refusal(Sample.output([3, 2]), spec)?.contains("order") == true)
        #expect(refusal(Sample.output([2, 2]), spec)?.contains("order") == true)
        #expect(
            refusal(Sample.output(0..<2, rows: { _ in 2 }), spec)?.contains("2 vectors") == true)
        #expect(refusal(Sample.output(0..<2, dtype: .f16), spec)?.contains("8 bytes") == true)
        let wanted = Sample.spec { $0.dimension = 8 }
        #expect(refusal(Sample.output(0..<2), wanted)?.contains("8 were asked for") == true)
        #expect(refusal(Frame([UInt8]("nonsense".utf8)), spec) != nil)
        #expect(refusal(.empty, spec) != nil)
    }
}
