// Files that appear whole or not at all.

import Files
import Foundation
import TestSupport
import Testing

@Suite struct AtomicFileTests {
    @Test("a committed file holds every byte, small writes and large")
    func commit() throws {
        let scratch = try Scratch()
        let file = try AtomicFile(path: scratch.path("x"))
        let large = (0 ..< 3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try file.write("ab")
        try file.write(large)
        try file.write(atMost: 8) { $0.storeBytes(of: 0x7a, as: UInt8.self); return 1 }
        let place = try file.reserve(3)
        try [1, 2, 3].withUnsafeBytes { _ in
            try [UInt8](arrayLiteral: 7, 8, 9).withUnsafeBytes { try file.fill($0, at: place) }
        }
        try file.write("end")
        try [UInt8](arrayLiteral: 0x41).withUnsafeBytes { try file.overwrite($0, at: 0) }
        #expect(scratch.names.count == 1)
        #expect(!FileManager.default.fileExists(atPath: scratch.path("x")))
        try file.commit()
        let expected = Array("Ab".utf8) + large + Array("z".utf8) + [7, 8, 9] + Array("end".utf8)
        #expect(try bytes(of: scratch.path("x")) == expected)
        #expect(scratch.names == ["x"])
    }

    @Test("a file that is not committed leaves the old one and nothing else")
    func abandon() throws {
        let scratch = try Scratch()
        let path = try scratch.write("old", to: "x")
        do {
            let file = try AtomicFile(path: path)
            try file.write("new")
        }
        #expect(scratch.names == ["x"])
        #expect(try bytes(of: path) == Array("old".utf8))
    }

    @Test("a missing directory, a directory and a device are refused")
    func refusals() throws {
        let scratch = try Scratch()
        for path in [scratch.path("no/x"), scratch.directory, "/dev/null", "", "a/"] {
            #expect(throws: FileError.self) { try AtomicFile(path: path) }
        }
    }

    @Test("a symbolic link stays and its target is replaced")
    func symbolicLink() throws {
        let scratch = try Scratch()
        let target = try scratch.write("old", to: "target")
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path("link"), withDestinationPath: target)
        let file = try AtomicFile(path: scratch.path("link"))
        try file.write("new")
        try file.commit()
        #expect(try bytes(of: target) == Array("new".utf8))
    }

    @Test("a name of the longest legal length still gets its temporary file")
    func longName() throws {
        let scratch = try Scratch()
        let name = String(repeating: "n", count: 255)
        let file = try AtomicFile(path: scratch.path(name))
        try file.commit()
        #expect(scratch.names == [name])
    }

    @Test("a long name of characters of several bytes gets one, too", arguments: 0..<4)
    func longCharacters(before: Int) throws {
        let scratch = try Scratch()
        let name =
            String(repeating: "n", count: before) + String(repeating: "\u{1f417}", count: 62)
        let file = try AtomicFile(path: scratch.path(name))
        try file.commit()
        #expect(scratch.names == [name])
    }
}
