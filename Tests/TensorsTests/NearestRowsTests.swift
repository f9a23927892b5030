// Nearest rows of a matrix, compared with every cosine worked out.

import Tensors
import Testing

@Suite struct NearestRowsTests {
    private func cosine(_ matrix: Matrix, _ left: Int, _ right: Int) -> Double {
        var (dot, a, b) = (0.0, 0.0, 0.0)
        for column in 0..<matrix.columns {
            let (x, y) = (Double(matrix.row(left)[column]), Double(matrix.row(right)[column]))
            dot += x * y
            a += x * x
            b += y * y
        }
        return dot / (a * b).squareRoot()
    }

    @Test("the nearest are those of all cosines, whatever the tiles", arguments: [3, 256, 700])
    func exhaustive(_ rows: Int) throws {
        let matrix = try Matrix.random(rows, 19, seed: 5)
        let asked = [0, rows / 2, rows - 1]
        let found = try matrix.nearest(to: asked, count: 6)
        for (row, near) in zip(asked, found) {
            let all = (0..<rows).filter { $0 != row }
                .sorted { cosine(matrix, row, $0) > cosine(matrix, row, $1) }
            #expect(near.map(\.row) == Array(all.prefix(6)))
            for one in near {
                #expect(abs(Double(one.cosine) - cosine(matrix, row, one.row)) < 1e-5)
            }
        }
    }

    @Test("rows of zeros and rows that are not finite are near to none")
    func degenerate() throws {
        let matrix = try Matrix.random(4, 5, seed: 6)
        for column in 0..<5 { matrix.row(1)[column] = 0 }
        matrix.row(2)[3] = .nan
        let found = try matrix.nearest(to: [0, 1], count: 9)
        #expect(found[0].map(\.row) == [3])
        #expect(found[1].allSatisfy { $0.cosine == 0 })
    }

    @Test("nothing asked is nothing found")
    func nothing() throws {
        let matrix = try Matrix.random(4, 5, seed: 7)
        #expect(try matrix.nearest(to: [], count: 3).isEmpty)
        #expect(try matrix.nearest(to: [1], count: 0) == [[]])
    }
}
