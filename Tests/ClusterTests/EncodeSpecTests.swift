// What a job that encodes may ask for, and how its units are cut in two.

import Protocol
import Testing

@Suite struct EncodeSpecTests {
    private let file = InputFile(path: "/d/a.jsonl", size: 9, modifiedNanoseconds: 1)

    private func complaint(_ change: (inout EncodeDocuments) -> Void) -> String? {
        let config = InputFile(path: "/m/config.json", size: 9, modifiedNanoseconds: 1)
        var spec = EncodeDocuments(
            files: [file],
            model: ModelFolder(path: "/m", entries: [.init(name: "config.json", file: config)]))
        change(&spec)
        return JobSpec.encodeDocuments(spec).complaint
    }

    @Test("settings out of range are refused by the flag that sets them")
    func settings() {
        #expect(complaint { _ in } == nil)
        let changes: [(String, (inout EncodeDocuments) -> Void)] = [
            ("--format", { $0.format = "xml" }), ("--precision", { $0.precision = "f64" }),
            ("--dtype", { $0.dtype = "int4" }), ("--pooling", { $0.pooling = "sum" }),
            (
                "--tokens",
                {
                    $0.tokenLevel = true
                    $0.pooling = "mean"
                }
            ),
            (
                "--prompt",
                {
                    $0.prompt = "a"
                    $0.promptName = "b"
                }
            ),
            ("--max-length", { $0.maxLength = 0 }), ("--dimension", { $0.dimension = -1 }),
            ("--layer", { $0.layer = .max }), ("--shard-rows", { $0.shardRows = -1 }),
            ("--prompt has", { $0.prompt = String(repeating: "x", count: 20_000) }),
            ("--id-field", { $0.idField = String(repeating: "x", count: 300) }),
            ("--text-field", { $0.textFields = [String(repeating: "x", count: 300)] }),
            ("40 text", { $0.textFields = Array(repeating: "x", count: 40) }),
            (
                "a .txt file",
                {
                    $0.format = "txt"
                    $0.textFields = ["text"]
                }
            ),
            ("no input", { $0.files = [] }),
            (
                "1001 input",
                { [file] in
                    $0.files = Array(repeating: file, count: 1_001)
                }
            ),
        ]
        for (beginning, change) in changes {
            let sentence = complaint(change)
            #expect(sentence?.hasPrefix(beginning) == true, "\(beginning): \(sentence ?? "nil")")
        }
    }

    @Test("files of a model have names that lead nowhere but into its folder")
    func names() {
        let bad = [
            "", "/etc/passwd", "../up.json", "a/../b.json", "a/b/c.json", "a//b", ".", "a\0b",
            String(repeating: "x", count: 300), "config.json",
        ]
        for name in bad {
            let sentence = complaint { [file] in
                $0.model.entries.append(.init(name: name, file: file))
            }
            #expect(sentence?.hasPrefix("a model's file") == true, "\(name): \(sentence ?? "nil")")
        }
        let below = complaint { [file] in
            $0.model.entries.append(.init(name: "1_Pooling/config.json", file: file))
        }
        #expect(below == nil)
        #expect(complaint { $0.model.entries = [] }?.contains("config.json") == true)
        #expect(complaint { $0.model.path = "m" }?.hasPrefix("--model") == true)
        let many = complaint { [file] in
            for index in 0..<300 { $0.model.entries.append(.init(name: "\(index)", file: file)) }
        }
        #expect(many?.contains("\(Limits.modelFilesMax)") == true)
    }

    @Test("a unit is cut by its records, down to a single one that is named")
    func halves() throws {
        let model = ModelSource(
            folder: ModelFolder(path: "/m", entries: []), identity: "", digests: [], id: "m")
        let chunk = EncodeChunk(
            file: file, payload: "p", name: "/d/a.jsonl.gz", bytes: 10..<90, firstRecord: 100,
            firstLine: 5, records: 0..<5, columns: [], model: model,
            settings: EncodeDocuments(files: [], model: model.folder))
        var parts = [WorkUnit(task: .encodeChunk(chunk), affinity: 3, work: 8)]
        while let index = parts.firstIndex(where: { $0.halves != nil }) {
            let halves = try #require(parts[index].halves)
            parts.replaceSubrange(index...index, with: [halves.0, halves.1])
        }
        let records = parts.map { unit -> Range<Int> in
            guard case .encodeChunk(let part) = unit.task else { return 0..<0 }
            #expect(part.bytes == chunk.bytes && part.firstRecord == 100)
            return part.records
        }
        #expect(records == [0..<1, 1..<2, 2..<3, 3..<4, 4..<5])
        #expect(parts[3].task.subject == "record 103 in bytes 10..<90 of /d/a.jsonl.gz")
        #expect(parts.reduce(0) { $0 + $1.work } == 8)
    }
}
