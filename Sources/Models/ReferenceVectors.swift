// Texts with the vectors that another program made of them, to compare a model with.

import FoundationEssentials

/// A JSON file: `{"texts": [..], "vectors": [[..], ..]}`; more keys may stand beside them.
public struct ReferenceVectors: Sendable {
    public let path: String
    public let texts: [String]
    public let vectors: [[Float]]

    private struct File: Decodable {
        let texts: [String]
        let vectors: [[Float]]
    }

    /// - Throws: if the file is not there, is not of this form, or lacks a vector for a text.
    public init(path: String) throws(ModelError) {
        let file = try JSONFile.read(File.self, path)
        guard !file.texts.isEmpty, file.texts.count == file.vectors.count else {
            throw .configuration(
                path: path,
                reason: "it has \(file.texts.count) texts and \(file.vectors.count) vectors")
        }
        self.path = path
        texts = file.texts
        vectors = file.vectors
    }
}

/// How a model's vectors agree with reference vectors: cosines, the least and the mean.
public struct Agreement: Sendable, Encodable {
    public let texts: Int
    public let cosineMin: Double
    public let cosineMean: Double
    /// The text that agrees least.
    public let worst: String
}

extension EmbeddingModel {
    /// Encodes the reference's texts and compares.
    public func compare(with reference: ReferenceVectors) throws(ModelError) -> Agreement {
        for vector in reference.vectors where vector.count != dimension {
            throw .configuration(
                path: reference.path,
                reason: "it has vectors of \(vector.count) values, the model makes \(dimension)")
        }
        let encoded = try encode(reference.texts)
        var cosines: [Double] = []
        for (row, expected) in reference.vectors.enumerated() {
            cosines.append(Self.cosine(encoded.vectors.floats + row * dimension, expected))
        }
        let least = cosines.min() ?? 0
        return Agreement(
            texts: cosines.count, cosineMin: least,
            cosineMean: cosines.reduce(0, +) / Double(cosines.count),
            worst: cosines.firstIndex(of: least).map { reference.texts[$0] } ?? "")
    }

    private static func cosine(_ a: UnsafePointer<Float>, _ b: [Float]) -> Double {
        var (dot, aa, bb) = (0.0, 0.0, 0.0)
        for (index, value) in b.enumerated() {
            let (x, y) = (Double(a[index]), Double(value))
            dot += x * y
            aa += x * x
            bb += y * y
        }
        return aa > 0 && bb > 0 ? dot / (aa * bb).squareRoot() : 0
    }

    /// Vectors of a few texts, on this thread.
    public func encode(_ texts: [String]) throws(ModelError) -> EncodedTexts {
        try texts.withBytes { spans throws(ModelError) in
            try encode(spans, threads: 1, progress: EncodingProgress())
        }
    }
}

extension [String] {
    /// Calls `body` with the UTF-8 of each.
    func withBytes<Result>(
        _ body: ([UnsafeRawBufferPointer]) throws(ModelError) -> Result
    ) throws(ModelError) -> Result {
        let bytes = [UInt8](joined().utf8)
        var spans: [UnsafeRawBufferPointer] = []
        let result = bytes.withUnsafeBytes { bytes in
            var begin = 0
            for text in self {
                let end = begin + text.utf8.count
                spans.append(UnsafeRawBufferPointer(rebasing: bytes[begin..<end]))
                begin = end
            }
            return Swift.Result { () throws(ModelError) in try body(spans) }
        }
        return try result.get()
    }
}
