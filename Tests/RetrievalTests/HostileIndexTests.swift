// Files of an index that say what no index could.

import Foundation
import TestSupport
import Testing

@testable import Retrieval

@Suite("Hostile files of an index")
struct HostileIndexTests {
    @Test(
        "a manifest whose numbers could not be added up is refused",
        arguments: [
            ("\"generation\" : 1", "\"generation\" : 9223372036854775807", "generation"),
            ("\"generation\" : 1", "\"generation\" : -1", "generation"),
            ("\"bytes\" : ", "\"bytes\" : 9", "bytes"),
        ])
    func manifest(old: String, new: String, part: String) throws {
        let index = try SampleIndex(.residual4, parts: [0..<5])
        let path = "\(index.scratch.directory)/manifest.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains(old))
        // 9 in front of a size 14 times is beyond every file.
        let many = part == "bytes" ? old + String(repeating: "9", count: 14) : new
        try text.replacingOccurrences(of: old, with: many)
            .write(toFile: path, atomically: false, encoding: .utf8)
        let error = #expect(throws: IndexError.self) { try IndexManifest.read(path) }
        #expect("\(String(describing: error))".contains(part))
    }

    @Test("words of other passages than the segment's are refused, not looked up beyond its end")
    func words() throws {
        let scratch = try Scratch()
        let encoder = try sampleEncoder(.f32, dimension: 8)
        for (passages, isSound) in [(3, true), (2, false), (400, false)] {
            var builder = try InvertedFile.Builder(WordAnalysis())
            for _ in 0..<passages { try builder.add(text: "hog") }
            let sink = Sink()
            try builder.finish { sink.bytes += $0 }
            let path = "\(scratch.directory)/\(passages).seg"
            let writer = try SegmentWriter(path: path, encoder: encoder)
            try writer.append(samplePassages(0..<3, dimension: 8))
            _ = try sink.bytes.withUnsafeBytes { try writer.finish(words: $0, durable: false) }
            let segment = try Segment(path: path, encoder: encoder)
            if isSound {
                #expect(try segment.openWords()?.passageCount == 3)
            } else {
                let error = #expect(throws: IndexError.self) { try segment.openWords() }
                #expect("\(String(describing: error))".contains("\(passages) passages of 3"))
            }
        }
    }
}

private final class Sink {
    var bytes: [UInt8] = []
}

extension InvertedFile.Builder {
    fileprivate mutating func add(text: String) throws {
        try Array(text.utf8).withUnsafeBytes { _ = try add($0) }
    }
}
