// tokenizer.json: loaded, and then used.

import Tokenizers

enum TokenizerTargets {
    /// A text with something for every step of a pipeline.
    private static let text =
        Array("Héllo  wörld, it's [MASK] 12345 ▁x\u{0301}\r\n\t中文 ﬁ 👍🏽 <s>\u{0} aaaaaaaab".utf8)
        + [0xff, 0xc3]

    static func file(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let tokenizer = try? Tokenizer(json: bytes, name: "memory") else { return false }
        var scratch = Tokenizer.Scratch()
        var whole: [Int32] = []
        var cut: [Int32] = []
        var types: [UInt8] = []
        text.withUnsafeBytes { text in
            let count = tokenizer.encode(text, limit: nil, into: &whole, using: &scratch)
            promise(count == whole.count, "\(count) ids announced, \(whole.count) appended")
            let again = tokenizer.encode(text, limit: 7, into: &cut, using: &scratch)
            promise(again == count, "\(again) ids with a limit, \(count) without")
            promise(cut.count == min(7, count), "a limit of 7 gave \(cut.count) of \(count)")
            cut.removeAll()
            tokenizer.encodePair(
                text, text, limit: 9, into: &cut, types: &types, using: &scratch)
            promise(cut.count <= 9 && types.count == cut.count, "\(cut.count) ids, limit 9")
        }
        // Special tokens of the post-processor may name ids that no vocabulary has.
        for id in whole { promise(id >= 0, "the id \(id)") }
        _ = tokenizer.token(of: whole.first ?? 0).flatMap(tokenizer.id(of:))
        return true
    }
}
