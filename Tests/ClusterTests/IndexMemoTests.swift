// What is known again of an index is what would have been read and written anew.

import Cluster
import Protocol
import Testing

@Suite("Index memo")
struct IndexMemoTests {
    private static func index(_ shards: Int, _ path: String = "/data/an index") -> IndexShards {
        func file(_ number: Int) -> IndexFile {
            IndexFile(
                name: "segment-\(number).seg", bytes: 1_000 + number,
                sha256: String(repeating: "0\(number % 10)", count: 32))
        }
        return IndexShards(
            path: path, common: [file(0)], shards: (0..<shards).map { [file($0 + 1)] })
    }

    private static let messages: [Message] = [
        Message(
            .search(Search(index: index(3), top: 10, deadlineMilliseconds: 500)), request: 7,
            body: Frame([1, 2])),
        Message(
            .score(
                Score(
                    ticket: 1, index: index(3), shards: [0, 2], top: 9, deadlineMilliseconds: 5)),
            body: Frame([1, 2])),
        Message(
            .search(
                Search(
                    index: index(40, "/q\"uo\\te/index"), top: 1, deadlineMilliseconds: 1,
                    allowsPartial: true)), request: .max, body: Frame([1])),
        Message(.heartbeat(Heartbeat())),
        Message(
            .found(Found(missing: [], microseconds: 5, slowestMicroseconds: 3)), request: 2,
            body: Frame([0, 0, 0, 0])),
    ]

    @Test("messages are written as the codec writes them, the first time and again")
    func written() throws {
        var memo = IndexMemo()
        for message in Self.messages + Self.messages {
            let frames = try memo.encode(message)
            #expect(try frames == Codec.encode(message))
        }
    }

    @Test("messages are read as the codec reads them, the first time and again")
    func read() throws {
        var memo = IndexMemo()
        for message in Self.messages + Self.messages + Self.messages.reversed() {
            let again = try memo.decode(Codec.encode(message))
            #expect(again == message)
        }
    }

    @Test("more indexes than are kept are read and written all the same")
    func many() throws {
        var memo = IndexMemo()
        for round in 0..<30 {
            let search = Search(
                index: Self.index(2, "/index/\(round % 11)"), top: 1, deadlineMilliseconds: 1)
            let message = Message(.search(search), request: 1, body: Frame([1]))
            let frames = try memo.encode(message)
            #expect(try frames == Codec.encode(message))
            let again = try memo.decode(Codec.encode(message))
            #expect(again == message)
        }
    }

    private static let known = #"{"common":[],"path":"/a","shards":[[{"bytes":1,"name":"s","#
        + #""sha256":"\#(String(repeating: "0", count: 64))"}]]}"#

    private static let rest = #""ticket":1,"shards":[0],"top":1,"deadlineMilliseconds":1"#

    @Test(
        "an index that is known does not make a header good that is not",
        arguments: [
            #"{"kind":"score","index":INDEX,REST}"#,
            #" {"kind" :"score", "index" : INDEX ,REST } "#,
            #"{"kind":"score","index":INDEX,REST}x"#, #"{"kind":"score","index":INDEX REST}"#,
            #"{"kind":"score","index":INDEX,"index":3,REST}"#,
            #"{"kind":"score","x":"index","\u0069ndex":INDEX,REST}"#,
            #"{"kind":"score","a":{"index":INDEX},REST}"#,
            #"{"kind":"score","index":INDEX,"ticket":1,"shards":[1],"top":1}"#,
            #"{"kind":"heartbeat","index":INDEX}"#, #"{"index":INDEX"#, #"{"index":"INDEX"}"#,
            #"{"index"}"#, "{", "", #"{"a":"\"#, "[INDEX]",
        ])
    func doubtful(_ text: String) throws {
        var memo = IndexMemo()
        for text in [#"{"kind":"score","index":INDEX,REST}"#, text, text] {
            let whole = text.replacing("INDEX", with: Self.known).replacing("REST", with: Self.rest)
            let bytes = Array(whole.utf8)
            let frames = [Frame(bytes), Frame([1])]
            let read = try? memo.decode(frames)
            #expect(read == (try? Codec.decode(frames)))
        }
        let nothing = try? memo.decode([])
        #expect(nothing == nil)
    }

    @Test("bytes that are changed anywhere are read as the codec reads them")
    func changed() throws {
        var memo = IndexMemo()
        var random = SeededGenerator(seed: 3)
        let frames = try Codec.encode(Self.messages[0])
        _ = try memo.decode(frames)
        for _ in 0..<2_000 {
            var bytes = frames[0].bytes
            let place = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0x20...0x7e, using: &random)
            case 1: bytes.removeSubrange(place...)
            default:
                let marks = Array("{}[]\",:\\".utf8)
                bytes.insert(marks[Int.random(in: marks.indices, using: &random)], at: place)
            }
            let changed = [Frame(bytes), frames[1]]
            let read = try? memo.decode(changed)
            #expect(read == (try? Codec.decode(changed)))
        }
    }
}
