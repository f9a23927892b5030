// The rules of the repository, applied to the repository.

import Testing

@Suite("The repository keeps its own rules")
struct RepositoryTests {
    @Test("sources are found")
    func sourcesAreFound() {
        #expect(Repository.sources.count { $0.module != nil } > 10)
        #expect(Repository.sources.contains { $0.path == "Tests/TidyTests/RepositoryTests.swift" })
    }

    @Test("modules import what the import table allows")
    func imports() { expectNone(ImportRule.violations) }

    @Test("no line is wider than 100 columns")
    func width() { expectNone(LayoutRules.wideLines) }

    @Test("no file is longer than 500 lines")
    func fileLength() { expectNone(LayoutRules.longFile) }

    @Test("no function is longer than 70 lines")
    func functionLength() { expectNone(LayoutRules.longFunctions) }

    @Test("no type is named Manager, Helper, Utils or Base")
    func names() { expectNone(WordRules.bannedNames) }

    @Test("nothing is forced with try!")
    func forcedTries() { expectNone(WordRules.forcedTries) }

    @Test("only the console prints")
    func prints() { expectNone(WordRules.prints) }

    @Test("no memory is aligned so that its holes stay")
    func alignments() { expectNone(WordRules.alignments) }

    @Test("each source file opens with a comment")
    func opening() { expectNone(WordRules.missingOpening) }

    @Test("the texts of --help fit a terminal of 80 columns")
    func helpTexts() { expectNone(WordRules.wideHelp) }

    @Test("continuous integration calls make test and nothing else")
    func continuousIntegration() throws {
        let commands = try Repository.text(of: ".ci/run").split(separator: "\n").filter {
            !$0.hasPrefix("#") && !$0.hasPrefix("set ") && !$0.hasPrefix("cd ")
        }
        #expect(commands == ["exec make test"])
    }

    private func expectNone(_ rule: (SourceText) -> [Violation]) {
        for violation in Repository.sources.flatMap(rule) { Issue.record("\(violation)") }
    }
}
