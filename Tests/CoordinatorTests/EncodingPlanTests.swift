// How documents are cut into units: the same way every time, and evenly.

import Protocol
import TestSupport
import Testing
import Transport

@testable import Coordinator

@Suite struct EncodingPlanTests {
    private func plan(
        _ paths: [String], _ change: (inout EncodeDocuments) -> Void = { _ in }
    ) throws -> EncodingPlan {
        let files = try paths.map { try InputFile(reading: $0) }
        var spec = EncodeDocuments(files: files, model: Sample.folder)
        change(&spec)
        return try EncodingPlan(
            spec, files.map { ($0, $0) }, model: Sample.source, corpus: "j/corpus")
    }

    @Test("chunks are about equal and hold all bytes, and records are numbered over all files")
    func even() throws {
        let scratch = try Scratch()
        var line = 0
        let texts = (0..<2).map { _ in
            (0..<9_000).map { _ -> String in
                line += 1
                return String(repeating: "word ", count: line * 7_919 % 40) + "\n"
            }.joined()
        }
        let paths = try texts.enumerated().map { try scratch.write($1, to: "\($0).txt") }
        let plan = try plan(paths) { $0.format = "txt" }
        let wanted = EncodingPlan.chunkBytes(of: plan.bytes)
        #expect(plan.bytes == texts.reduce(0) { $0 + $1.utf8.count } && plan.records == 18_000)
        #expect(plan.chunks.count >= 64)
        #expect(plan.chunks.reduce(0) { $0 + $1.bytes.count } == plan.bytes)
        #expect(plan.chunks.allSatisfy { $0.bytes.count <= wanted })
        #expect(plan.chunks.count { $0.bytes.count < wanted / 2 } <= 2, "only the last of a file")
        #expect(plan.chunks.first { $0.payload == "j/corpus/1" }?.firstRecord == 9_000)
        #expect(plan.chunks.first { $0.payload == "j/corpus/1" }?.firstLine == 1)
        let again = try self.plan(paths) { $0.format = "txt" }
        #expect(plan.chunks == again.chunks)
    }

    @Test("chunks grow with the collection, so that their number stays bounded")
    func bounded() {
        #expect(EncodingPlan.chunkBytes(of: 10) == 16 << 10)
        #expect(EncodingPlan.chunkBytes(of: 4 << 20) == 64 << 10)
        #expect(EncodingPlan.chunkBytes(of: 1 << 30) == 128 << 10)
        let huge = 1 << 40
        #expect(huge / EncodingPlan.chunkBytes(of: huge) <= Limits.encodingUnitsMax)
    }

    @Test("columns of .csv are found for each file, and their lack is named")
    func columns() throws {
        let scratch = try Scratch()
        let paths = [
            try scratch.write("id,text\n1,a\n", to: "a.csv"),
            try scratch.write("text,x,id\nb,\"y\nz\",2\n", to: "b.csv"),
        ]
        let plan = try plan(paths) { $0.format = "csv" }
        #expect(plan.chunks.map(\.columns) == [[0, 1], [2, 0]])
        #expect(
            plan.chunks.map(\.firstLine) == [2, 2] && plan.chunks.map(\.firstRecord) == [0, 1])
        #expect(plan.chunks.map(\.bytes.lowerBound) == [8, 10])
        let none = try scratch.write("a,b\n1,2\n", to: "c.csv")
        #expect(throws: Fault.self) { try self.plan([none]) { $0.format = "csv" } }
        let empty = try scratch.write("\u{feff}", to: "d.jsonl")
        #expect(throws: Fault.self) { try self.plan([empty]) }
    }

    private func check(
        _ paths: [String], keysMax: Int = 1_000, _ change: (inout EncodeDocuments) -> Void
    ) throws -> String? {
        let files = try paths.map { try InputFile(reading: $0) }
        var spec = EncodeDocuments(files: files, model: Sample.folder)
        change(&spec)
        let plan = try self.plan(paths, change)
        let scratch = try Scratch()
        defer { #expect(scratch.names.isEmpty, "files are left over") }
        let ids = UniqueIDs(spec, plan, scratch: scratch.directory, keysMax: keysMax)
        do { try ids.check() } catch {
            #expect(error.code == .data && !error.retryable)
            return error.message
        }
        return nil
    }

    @Test("an id that comes twice is named with both its lines before anything is encoded")
    func duplicates() throws {
        let scratch = try Scratch()
        let first = (0..<3_000).map { #"{"_id": "a\#($0)", "text": "x"}"# + "\n" }.joined()
        let second = """
            {"_id": 7, "text": "x"}

            {"_id": "a17", "text": "escapes are undone"}
            {"_id": "\\u0061\\u0031", "text": "so this is a1"}
            {"_id": "7"}
            no document
            {"_id": "", "text": "no id"}
            {"_id": "", "text": "no id"}
            """
        let paths = [
            try scratch.write(first, to: "a.jsonl"), try scratch.write(second, to: "b.jsonl"),
        ]
        // One of a text that is missing has an id all the same.
        let said = try #require(try check(paths) { _ in })
        #expect(
            said.hasPrefix(
                "\(paths[1]):3: the id \"a17\" is that of \(paths[0]):18, too, and so it is with 2 "
                    + "more documents; "))
        #expect(said.contains("--on-error skip"))
        for keysMax in [7, 100, 5_000] {
            #expect(try check(paths, keysMax: keysMax) { _ in } == said)
        }
        #expect(try check([paths[0]]) { _ in } == nil)
        #expect(try check(paths) { $0.skipsMalformed = true } == nil, "the reduction sees to it")
        #expect(try check(paths) { $0.format = "txt" } == nil, "ids are numbers of lines")
    }

    @Test("ids of .csv are found in their column, and lines counted within quotes")
    func duplicatesOfColumns() throws {
        let scratch = try Scratch()
        let path = try scratch.write("text,id\n\"a\nb\",1\nc,\"2\"\nd,1\n", to: "a.csv")
        let said = try check([path]) { $0.format = "csv" }
        #expect(
            said?.hasPrefix("\(path):5: the id \"1\" is that of \(path):2, too; ") == true,
            "\(said ?? "")")
    }

    @Test("a unit fits one message, however many files the model has")
    func fits() throws {
        let scratch = try Scratch()
        let path = try scratch.write("a\n", to: "a.txt")
        let long = "/" + String(repeating: "p", count: 140) + "/"
        let entries = (0..<Limits.modelFilesMax).map { index in
            ModelFolder.Entry(
                name: index == 0 ? "config.json" : "model-\(index).safetensors",
                file: InputFile(path: "\(long)\(index)", size: 1, modifiedNanoseconds: 1))
        }
        let folder = ModelFolder(path: String(long.dropLast()), entries: entries)
        let file = try InputFile(reading: path)
        var spec = EncodeDocuments(files: [file], model: folder)
        spec.format = "txt"
        spec.prompt = String(repeating: "\u{1}", count: Limits.promptBytesMax)
        #expect(spec.complaint == nil)
        let source = ModelSource(
            folder: folder, identity: String(repeating: "a", count: 64),
            digests: entries.map { _ in String(repeating: "b", count: 64) }, id: "j/model")
        let plan = try EncodingPlan(spec, [(file, file)], model: source, corpus: "j/corpus")
        let assign = Assign(
            unit: WorkUnitID(job: JobID("j"), round: 0, index: 0),
            lease: Lease(epoch: 1, attempt: 1, token: 1), task: .encodeChunk(plan.chunks[0]))
        let frames = try Codec.encode(Message(.assign(assign)))
        #expect(try Codec.decode(frames).header == .assign(assign))
    }
}
