// Vectors of tokens: checkpoints of late interaction, and encoders that are none.

import TestSupport
import Testing

@testable import Models

@Suite struct LateInteractionTests {
    private func model(
        _ folder: String, _ options: LateInteractionOptions = .init()
    ) throws -> LateInteractionModel {
        try LateInteractionModel(directory: folder, options: options)
    }

    @Test(
        "token vectors of queries and documents are those of the reference, setting by setting",
        arguments: LateInteractionFixture.names)
    func reference(name: String) throws {
        let fixture = try LateInteractionFixture(name)
        let keys = fixture.facts.texts.keys.sorted()
        let texts = keys.compactMap { fixture.facts.texts[$0] }
        for (index, wanted) in fixture.facts.cases.enumerated() {
            let copy = try fixture.copy(wanted)
            let model = try model(copy.folder)
            for (role, found) in [
                ("query", try model.encodeQueries(texts)),
                ("document", try model.encodeDocuments(texts)),
            ] {
                for (place, key) in keys.enumerated() {
                    let error = distance(
                        found.parts[place], try fixture.vectors(index, role, key))
                    #expect(error < 1e-4, "\(name), case \(index), \(role) \(key): \(error)")
                    let tokens = wanted.tokens["\(role).\(key)"]
                    #expect(Int(found.tokenCounts[place]) == tokens, "\(role) \(key)")
                }
                #expect(found.truncatedCount > 0)
            }
        }
    }

    @Test(
        "a text's token vectors are the same to the bit, whatever is beside it",
        arguments: LateInteractionFixture.names, Precision.allCases)
    func independence(name: String, precision: Precision) throws {
        let fixture = try LateInteractionFixture(name)
        var options = LateInteractionOptions()
        options.precision = precision
        let model = try model(fixture.folder, options)
        let texts = fixture.facts.texts.keys.sorted().compactMap { fixture.facts.texts[$0] }
        let documents = try model.encodeDocuments(texts).parts
        let queries = try model.encodeQueries(texts).parts
        var numbers = Numbers(21)
        let order = (0..<200).map { _ in texts.indices.randomElement(using: &numbers) ?? 0 }
        let many = order.map { texts[$0] }
        let (manyDocuments, manyQueries) = try many.withBytes { spans throws(ModelError) in
            (
                try model.encodeDocuments(spans, threads: 3, progress: EncodingProgress()).parts,
                try model.encodeQueries(spans, threads: 2, progress: EncodingProgress()).parts
            )
        }
        for (place, index) in order.enumerated() {
            #expect(manyDocuments[place] == documents[index], "\(index)")
            #expect(manyQueries[place] == queries[index], "\(index)")
        }
        for (index, text) in texts.enumerated() {
            #expect(try model.encodeQueries([text]).parts == [queries[index]])
        }
    }

    @Test("an encoder without such settings gives its normalised hidden states")
    func encoder() throws {
        let fixture = try ModelFixture("bert")
        let texts = ["A river flows.", "river"]
        let model = try model(fixture.folder)
        #expect(model.origin == "encoder")
        var options = EncodingOptions()
        options.isTokenLevel = true
        options.normalizes = true
        let states = try EmbeddingModel(directory: fixture.folder, options: options).encode(texts)
        #expect(try model.encodeDocuments(texts).parts == states.parts)
        #expect(try model.encodeQueries(texts).parts == states.parts)
    }

    @Test("a word of PyLate's skip list that is no token stands for the unknown one")
    func unknownSkipped() throws {
        let fixture = try LateInteractionFixture("pylate-bert")
        let none = #""skiplist_words": []"#
        let plain = try #require(fixture.facts.cases.first { $0.settings.contains(none) })
        let copy = try fixture.copy(plain)
        let texts = ["the ☃", "the"]
        let all = try model(copy.folder).encodeDocuments(texts).rowCounts
        let one = #""skiplist_words": ["no such token"]"#
        try copy.write(plain.settings.replacing(none, with: one), to: plain.file)
        let some = try model(copy.folder).encodeDocuments(texts).rowCounts
        #expect(some[0] == all[0] - 1)
        #expect(some[1] == all[1])
    }

    @Test("tokens around the text have no vectors if they are not wanted")
    func specialTokens() throws {
        let fixture = try LateInteractionFixture("colbert")
        var options = LateInteractionOptions()
        options.keepsSpecialTokens = false
        options.skipsPunctuation = false
        let few = try model(fixture.folder, options)
        options.keepsSpecialTokens = true
        let all = try model(fixture.folder, options)
        let texts = ["A river flows.", ""]
        let (some, every) = (
            try few.encodeDocuments(texts).parts, try all.encodeDocuments(texts).parts
        )
        // [CLS] [D] ... [SEP]
        #expect(some[0] == Array(every[0].dropFirst(2 * 12).dropLast(12)))
        #expect(some[1].isEmpty && every[1].count == 3 * 12)
    }

    @Test("of a lengthened query, what lengthens it stays if the tokens around it are not wanted")
    func specialTokensOfQueries() throws {
        let fixture = try LateInteractionFixture("pylate-bert")
        for wanted in fixture.facts.cases.prefix(2) {
            let copy = try fixture.copy(wanted)
            var options = LateInteractionOptions()
            let all = try model(copy.folder, options)
            options.keepsSpecialTokens = false
            let few = try model(copy.folder, options)
            let tokens = Int(try all.encodeQueries(["river"]).tokenCounts[0])
            let every = try #require(all.encodeQueries(["river"]).parts.first)
            // [CLS] [Q] ... [SEP] [MASK] ...
            let around = [0, 1, tokens - 1]
            let expected = (0..<12).filter { !around.contains($0) }.flatMap {
                every[8 * $0..<8 * $0 + 8]
            }
            #expect(tokens < 12)
            #expect(try few.encodeQueries(["river"]).parts == [expected])
        }
    }

    @Test("an encoder's prompts are those of the role, and take part")
    func prompts() throws {
        let folder = ModelFixture.folder("st-new")
        let plain = try model(folder)
        var options = LateInteractionOptions()
        (options.queryPrompt, options.documentPrompt) = ("", "")
        let bare = try model(folder, options)
        #expect(
            try plain.encodeQueries(["a river"]).parts
                == bare.encodeQueries(["question: a river"]).parts)
        #expect(
            try plain.encodeDocuments(["a river"]).parts
                == bare.encodeDocuments(["text: a river"]).parts)
    }

    @Test("lengths of the caller go before those of the folder, and have limits")
    func lengths() throws {
        let folder = try LateInteractionFixture("pylate-bert").folder
        var options = LateInteractionOptions()
        (options.queryLength, options.documentLength) = (20, 32)
        let long = try model(folder, options)
        #expect(try long.encodeQueries(["river"]).rowCounts == [20])
        #expect(long.documentLength == 32)
        for length in [3, 33, .max, -1] {
            options.queryLength = length
            #expect(throws: ModelError.self) { try model(folder, options) }
        }
    }
}
