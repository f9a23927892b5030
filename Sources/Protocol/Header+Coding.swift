// Headers as JSON objects: {"kind": "...", fields of the case}.

extension Header: Codable {
    private enum CodingKeys: String, CodingKey { case kind }

    /// The name of the message on the wire.
    public var kind: String {
        switch self {
        case .hello: "hello"
        case .welcome: "welcome"
        case .refused: "refused"
        case .heartbeat: "heartbeat"
        case .unitFinished: "unitFinished"
        case .unitFailed: "unitFailed"
        case .goodbye: "goodbye"
        case .assign: "assign"
        case .revoke: "revoke"
        case .release: "release"
        case .drain: "drain"
        case .submit: "submit"
        case .cancel: "cancel"
        case .query: "query"
        case .retry: "retry"
        case .readLog: "readLog"
        case .drainWorker: "drainWorker"
        case .accepted: "accepted"
        case .jobs: "jobs"
        case .cluster: "cluster"
        case .log: "log"
        case .get: "get"
        case .chunk: "chunk"
        case .missing: "missing"
        case .search: "search"
        case .score: "score"
        case .scored: "scored"
        case .found: "found"
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .kind) {
        case "hello": self = .hello(try Hello(from: decoder))
        case "welcome": self = .welcome(try Welcome(from: decoder))
        case "refused": self = .refused(try Refused(from: decoder))
        case "heartbeat": self = .heartbeat(try Heartbeat(from: decoder))
        case "unitFinished": self = .unitFinished(try UnitFinished(from: decoder))
        case "unitFailed": self = .unitFailed(try UnitFailed(from: decoder))
        case "goodbye": self = .goodbye(try Goodbye(from: decoder))
        case "assign": self = .assign(try Assign(from: decoder))
        case "revoke": self = .revoke(try Revoke(from: decoder))
        case "release": self = .release(try Release(from: decoder))
        case "drain": self = .drain
        case "submit": self = .submit(try Submit(from: decoder))
        case "cancel": self = .cancel(try Cancel(from: decoder))
        case "query": self = .query(try Query(from: decoder))
        case "retry": self = .retry(try Retry(from: decoder))
        case "readLog": self = .readLog(try ReadLog(from: decoder))
        case "drainWorker": self = .drainWorker(try DrainWorker(from: decoder))
        case "accepted": self = .accepted(try Accepted(from: decoder))
        case "jobs": self = .jobs(try Jobs(from: decoder))
        case "cluster": self = .cluster(try ClusterStatus(from: decoder))
        case "log": self = .log(try JobLog(from: decoder))
        case "get": self = .get(try Get(from: decoder))
        case "chunk": self = .chunk(try Chunk(from: decoder))
        case "missing": self = .missing(try Missing(from: decoder))
        case "search": self = .search(try Search(from: decoder))
        case "score": self = .score(try Score(from: decoder))
        case "scored": self = .scored(try Scored(from: decoder))
        case "found": self = .found(try Found(from: decoder))
        case let kind:
            throw DecodingError.dataCorruptedError(
                forKey: .kind, in: container, debugDescription: "unknown kind of message \(kind)")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        switch self {
        case .hello(let fields): try fields.encode(to: encoder)
        case .welcome(let fields): try fields.encode(to: encoder)
        case .refused(let fields): try fields.encode(to: encoder)
        case .heartbeat(let fields): try fields.encode(to: encoder)
        case .unitFinished(let fields): try fields.encode(to: encoder)
        case .unitFailed(let fields): try fields.encode(to: encoder)
        case .goodbye(let fields): try fields.encode(to: encoder)
        case .assign(let fields): try fields.encode(to: encoder)
        case .revoke(let fields): try fields.encode(to: encoder)
        case .release(let fields): try fields.encode(to: encoder)
        case .drain: break
        case .submit(let fields): try fields.encode(to: encoder)
        case .cancel(let fields): try fields.encode(to: encoder)
        case .query(let fields): try fields.encode(to: encoder)
        case .retry(let fields): try fields.encode(to: encoder)
        case .readLog(let fields): try fields.encode(to: encoder)
        case .drainWorker(let fields): try fields.encode(to: encoder)
        case .accepted(let fields): try fields.encode(to: encoder)
        case .jobs(let fields): try fields.encode(to: encoder)
        case .cluster(let fields): try fields.encode(to: encoder)
        case .log(let fields): try fields.encode(to: encoder)
        case .get(let fields): try fields.encode(to: encoder)
        case .chunk(let fields): try fields.encode(to: encoder)
        case .missing(let fields): try fields.encode(to: encoder)
        case .search(let fields): try fields.encode(to: encoder)
        case .score(let fields): try fields.encode(to: encoder)
        case .scored(let fields): try fields.encode(to: encoder)
        case .found(let fields): try fields.encode(to: encoder)
        }
    }
}
