// Shapes that no memory holds are refused, however large.

import Tensors
import Testing

@Suite("A matrix")
struct MatrixTests {
    @Test(
        "a shape that no memory holds is refused",
        arguments: [(0, Int.max), (1, .max), (2, .max - 15), (.max, 1), (1 << 40, 1 << 40)])
    func tooLarge(rows: Int, columns: Int) {
        #expect(throws: TensorError.self) {
            _ = try Matrix(rows: rows, columns: columns)
        }
    }
}
