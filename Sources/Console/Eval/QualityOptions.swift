// The files that word vectors are measured with, as options and as they are read.

import ArgumentParser
import WordVectors

struct QualityOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Questions in the form of questions-words.txt.", valueName: "file"))
    var analogies: String?
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Files of word pairs with scores.", valueName: "file"))
    var similarity: [String] = []
    @Option(help: "Analogies look at this many words only, the most frequent ones.")
    var restrictVocab = 30_000
    @Option(help: "How analogies are answered: 3cosadd, 3cosmul or both.")
    var method = AnalogyMethods.cosAdd

    var isEmpty: Bool { analogies == nil && similarity.isEmpty }

    func validate() throws {
        guard restrictVocab > 0 else {
            throw ValidationError("--restrict-vocab \(restrictVocab) must be above 0")
        }
    }
}

enum AnalogyMethods: String, ExpressibleByArgument, CaseIterable {
    case cosAdd = "3cosadd"
    case cosMul = "3cosmul"
    case both
}

/// Read before anything long begins, so that a wrong file is known at once.
struct QualityQuestions {
    let analogies: AnalogyQuestions?
    let similarities: [(name: String, pairs: Similarity)]
    let method: AnalogyMethods
    let restrictVocab: Int

    init(_ options: QualityOptions) throws {
        analogies = try options.analogies.map { try AnalogyQuestions(path: $0) }
        var similarities: [(String, Similarity)] = []
        for (name, path) in zip(Self.names(of: options.similarity), options.similarity) {
            similarities.append((name, try Similarity(path: path)))
        }
        self.similarities = similarities
        method = options.method
        restrictVocab = options.restrictVocab
    }

    /// Names of files without directory and ending; the whole path of those that would have one
    /// name.
    static func names(of paths: [String]) -> [String] {
        let names = paths.map(name(of:))
        return zip(names, paths).map { name, path in
            names.count { $0 == name } == 1 ? name : path
        }
    }

    /// The file's name without directory and ending.
    private static func name(of path: String) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { return file }
        return String(file[..<dot])
    }
}
