// The patterns that are known, by their text.

extension WordPattern {
    /// GPT-2's, which ByteLevel uses, too.
    static let gpt2 = WordPattern(
        contractions: .exact, lead: .blank, digitsMax: .max, digitsTakeBlank: true)

    private static let llama3 = WordPattern(
        contractions: .folded, digitsMax: 3, signsTakeNewlines: true, newlinesEndWords: true)

    private static let endings = "'s|'t|'re|'ve|'m|'ll|'d"
    private static let spaces = "\\s+(?!\\S)|\\s+"
    private static let signs = " ?[^\\s\\p{L}\\p{N}]+"
    private static let notLetters = "[^\\r\\n\\p{L}\\p{N}]?"
    private static let capitals = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
    private static let smalls = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"

    /// Every known pattern; what differs between them are the digits and what signs may take.
    static let known: [String: WordPattern] = {
        var known: [String: WordPattern] = [
            "\(endings)| ?\\p{L}+| ?\\p{N}+|\(signs)|\(spaces)": gpt2
        ]
        let newlines = "\\s*[\\r\\n]+|\(spaces)"
        for (digits, digitsMax) in [("\\p{N}{1,3}", 3), ("\\p{N}", 1)] {
            var pattern = llama3
            pattern.digitsMax = digitsMax
            let ending = "(?i:\(endings))"
            known["\(ending)|\(notLetters)\\p{L}+|\(digits)|\(signs)[\\r\\n]*|\(newlines)"] =
                pattern
            pattern.letters = .marked
            known[
                "\(ending)|\(notLetters)[\\p{L}\\p{M}]+|\(digits)"
                    + "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\(newlines)"] = pattern
            let cased = { (ending: String) in
                "\(notLetters)\(capitals)*\(smalls)+\(ending)|"
                    + "\(notLetters)\(capitals)+\(smalls)*\(ending)|\(digits)|"
                    + "\(signs)[\\r\\n/]*|\(newlines)"
            }
            pattern = WordPattern(
                letters: .cased, digitsMax: digitsMax, signsTakeNewlines: true,
                signsTakeSlashes: true, newlinesEndWords: true)
            known[cased("")] = pattern
            pattern.contractions = .trailing
            known[cased("(?i:\(endings))?")] = pattern
        }
        return known
    }()
}
