// What a job may ask for, before anybody looks at its files.

import Protocol
import Testing

@Suite struct JobSpecTests {
    private func complaint(
        _ path: String, size: Int = 1, _ change: (inout TrainWords) -> Void = { _ in }
    ) -> String? {
        var spec = TrainWords(
            files: [InputFile(path: path, size: size, modifiedNanoseconds: 1)])
        change(&spec)
        return JobSpec.trainWords(spec).complaint
    }

    @Test("41: only the absolute path of a file is one, whatever it is made of")
    func paths() {
        var generator = SystemRandomNumberGenerator()
        let parts = ["a", "b.txt", "..", ".", "", "\0", "ü é", "...", "a\0b"]
        for _ in 0..<5_000 {
            let chosen = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                parts.randomElement(using: &generator) ?? ""
            }
            let isPlain = chosen.allSatisfy {
                !["..", ".", ""].contains($0) && !$0.utf8.contains(0)
            }
            let path = chosen.joined(separator: "/")
            #expect((complaint("/" + path) == nil) == isPlain, "/\(path.debugDescription)")
            #expect(complaint(path) != nil || chosen[0].isEmpty, "\(path.debugDescription)")
        }
    }

    @Test("41: a refusal names the file in one line of bounded length")
    func names() throws {
        let sentence = try #require(
            complaint("/tmp/\u{1b}[2J\n/../" + String(repeating: "x", count: 3_000)))
        #expect(!sentence.contains("\n") && !sentence.contains("\u{1b}"))
        #expect(sentence.utf8.count < Limits.sentenceBytesMax)
    }

    @Test("41: negative and overflowing counts are refused by the flag that sets them")
    func counts() throws {
        let changes: [(String, (inout TrainWords) -> Void)] = [
            ("--dim", { $0.dimension = -1 }), ("--window", { $0.window = 0 }),
            ("--negative", { $0.negative = .min }), ("--epochs", { $0.epochs = .max }),
            ("--min-count", { $0.minimumCount = -5 }), ("--partitions", { $0.partitions = -1 }),
            ("--max-vocabulary", { $0.vocabularyMax = -1 }), ("--sample", { $0.sample = .nan }),
            ("--words-per-round", { $0.wordsPerRound = .max }), ("--alpha", { $0.alpha = -1 }),
            ("--momentum", { $0.momentum = .nan }),
        ]
        for (flag, change) in changes {
            #expect(complaint("/c", change)?.hasPrefix(flag) == true, "\(flag)")
        }
    }

    @Test("41: settings of phrases that are out of range are refused by the flag that sets them")
    func phrases() {
        let changes: [(String, (inout FindPhrases) -> Void)] = [
            ("--threshold", { $0.threshold = -1 }), ("--threshold", { $0.threshold = .nan }),
            ("--threshold", { $0.threshold = .infinity }),
            ("--min-count", { $0.minimumCount = 0 }), ("--passes", { $0.passes = 0 }),
            ("--passes", { $0.passes = 17 }), ("--delimiter", { $0.delimiter = "" }),
            ("--delimiter", { $0.delimiter = "a b" }), ("--delimiter", { $0.delimiter = "\n" }),
            ("--delimiter", { $0.delimiter = "a\0" }),
            ("--delimiter", { $0.delimiter = "seventeen__bytes_" }),
        ]
        let file = InputFile(path: "/c", size: 1, modifiedNanoseconds: 1)
        #expect(JobSpec.findPhrases(FindPhrases(files: [file])).complaint == nil)
        for (flag, change) in changes {
            var spec = FindPhrases(files: [file])
            change(&spec)
            #expect(JobSpec.findPhrases(spec).complaint?.hasPrefix(flag) == true, "\(flag)")
        }
        #expect(FindPhrases(files: []).complaint?.contains("--input") == true)
    }

    @Test("41: settings of mutual information out of range are refused by the flag that sets them")
    func mutualInformation() {
        let changes: [(String, (inout TrainSPPMI) -> Void)] = [
            ("--dim", { $0.dimension = 1_025 }), ("--window", { $0.window = 0 }),
            ("--negative", { $0.negative = 0 }), ("--min-count", { $0.minimumCount = 0 }),
            ("--max-vocabulary", { $0.vocabularyMax = -1 }),
            ("--iterations", { $0.iterations = -1 }), ("--memory", { $0.memoryMebibytes = 1 }),
            ("--context-power", { $0.contextPower = .nan }),
            ("--eigenvalue-weight", { $0.eigenvalueWeight = 1.5 }),
        ]
        let file = InputFile(path: "/c", size: 1, modifiedNanoseconds: 1)
        #expect(JobSpec.trainSPPMI(TrainSPPMI(files: [file])).complaint == nil)
        for (flag, change) in changes {
            var spec = TrainSPPMI(files: [file])
            change(&spec)
            #expect(JobSpec.trainSPPMI(spec).complaint?.hasPrefix(flag) == true, "\(flag)")
        }
        #expect(TrainSPPMI(files: []).complaint?.contains("--input") == true)
    }

    @Test("41: settings of GloVe that are out of range are refused by the flag that sets them")
    func glove() throws {
        let changes: [(String, (inout TrainGloVe) -> Void)] = [
            ("--dim", { $0.dimension = 0 }), ("--window", { $0.window = 65 }),
            ("--x-max", { $0.xMax = 0 }), ("--power", { $0.power = .nan }),
            ("--eta", { $0.eta = 2 }), ("--epochs", { $0.epochs = 0 }),
            ("--memory", { $0.memoryMebibytes = 1 }), ("--min-count", { $0.minimumCount = 0 }),
            ("--partitions", { $0.partitions = 65 }),
            ("--max-vocabulary", { $0.vocabularyMax = -1 }),
        ]
        let file = InputFile(path: "/c", size: 1, modifiedNanoseconds: 1)
        #expect(JobSpec.trainGloVe(TrainGloVe(files: [file])).complaint == nil)
        for (flag, change) in changes {
            var spec = TrainGloVe(files: [file])
            change(&spec)
            #expect(JobSpec.trainGloVe(spec).complaint?.hasPrefix(flag) == true, "\(flag)")
        }
        #expect(TrainGloVe(files: []).complaint?.contains("--input") == true)
    }

    @Test("54: too many files, and files that are too large, are refused with the limit")
    func sizes() {
        let file = InputFile(path: "/c", size: 1, modifiedNanoseconds: 1)
        let many = TrainWords(files: Array(repeating: file, count: Limits.inputFilesMax + 1))
        #expect(many.complaint?.contains("\(Limits.inputFilesMax)") == true)
        for size in [-1, Limits.payloadBytesMax + 1, .max] {
            #expect(complaint("/c", size: size)?.contains("\(Limits.payloadBytesMax)") == true)
        }
        #expect(complaint("/c", size: Limits.payloadBytesMax) == nil)
    }
}
