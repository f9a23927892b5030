// The front object of a cluster: one request, one reply, one deadline, over the control socket.

public import Protocol
import Synchronization
public import Transport

/// A connection to a coordinator. All calls may come from any task; one thread owns the socket.
public final class ClusterClient: Sendable {
    private enum Work: Sendable {
        case ask(
            Message, deadline: Int64, Abandonment,
            CheckedContinuation<Result<Message, Fault>, Never>)
        case stop
    }

    public let address: Address
    private let work: Mailbox<Work>
    private let thread: OwnedThread
    private let hello: Hello

    /// Connects and says HELLO; that it was heard is known once `welcome` returns.
    ///
    /// - Parameter plane: `.search` at the address for searches, to which nothing else may be said.
    public init(
        _ address: Address, plane: Socket.Plane = .control, name: String, context: Context,
        softwareVersion: String, keys: ClientKeys = .none
    ) throws {
        let work = try Mailbox<Work>()
        self.work = work
        self.address = address
        let hello = Hello(
            softwareVersion: softwareVersion, role: .client, name: WorkerID(name))
        self.hello = hello
        thread = try OwnedThread(name: "client") {
            var correspondence = Correspondence(address: address, hello: hello, keys: keys)
            do throws(TransportError) {
                var socket = try Socket(.dealer, plane: plane, context: context, keys: keys)
                let monitor = try socket.monitor()
                try correspondence.connect(socket)
                while try correspondence.turn(&socket, work.drain().map(Self.entry)) {
                    try Poll.wait(
                        [socket.readable, work.readable, monitor.readable],
                        timeoutMilliseconds: correspondence.patience)
                    while let event = try monitor.next() { correspondence.note(event) }
                }
                correspondence.finish(work.close().map(Self.entry))
            } catch {
                let fault = Fault(.unavailable, "\(error)")
                correspondence.finish(work.close().map(Self.entry), with: fault)
            }
        }
    }

    private static func entry(_ work: Work) -> Correspondence.Entry {
        switch work {
        case .ask(let question, let deadline, let abandonment, let continuation):
            .ask(question, deadline: deadline, abandonment) { continuation.resume(returning: $0) }
        case .stop: .stop
        }
    }

    /// Sends `header` and waits for its reply.
    ///
    /// - Throws: the coordinator's `Fault` if it refuses, or one with code `unavailable` naming the
    ///   address if no reply comes within `deadlineSeconds`; `cancelled` soon after the task is.
    public func ask(_ header: Header, deadlineSeconds: Double = 5) async throws(Fault) -> Header {
        try await ask(Message(header), deadlineSeconds: deadlineSeconds).header
    }

    /// The same of a question with a body, or for an answer with one.
    public func ask(
        _ question: Message, deadlineSeconds: Double
    ) async throws(Fault) -> Message {
        let deadline = monotonicMilliseconds() + Int64(deadlineSeconds * 1_000)
        let abandonment = Abandonment()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if !work.post(.ask(question, deadline: deadline, abandonment, continuation)) {
                    let fault = Fault(.unavailable, "the connection to \(address) is closed")
                    continuation.resume(returning: .failure(fault))
                }
            }
        } onCancel: {
            abandonment.declare()
        }
        switch result {
        case .success(let reply):
            if case .refused(let refused) = reply.header { throw refused.fault }
            return reply
        case .failure(let fault): throw fault
        }
    }

    /// Ends the connection; requests under way fail.
    public func close() {
        work.post(.stop)
        thread.join()
    }
}

extension ClusterClient {
    /// Whoever started a program at the wrong address is to know within 5 s, in which the program
    /// also has to start and to end.
    public static let patienceSeconds = 4.2

    /// Waits until the coordinator has answered HELLO.
    public func welcome() async throws(Fault) -> Welcome {
        let reply = try await ask(.hello(hello), deadlineSeconds: Self.patienceSeconds)
        guard case .welcome(let welcome) = reply else { throw unexpected("hello") }
        return welcome
    }

    /// - Returns: the job, a new one or the one that `key` already names.
    public func submit(_ spec: JobSpec, key: String) async throws(Fault) -> JobID {
        guard case .accepted(let accepted) = try await ask(.submit(Submit(key: key, spec: spec)))
        else { throw unexpected("submit") }
        return accepted.job
    }

    public func status(
        of job: JobID, deadlineSeconds: Double = 5
    ) async throws(Fault) -> JobStatus {
        let reply = try await ask(.query(Query(job: job)), deadlineSeconds: deadlineSeconds)
        guard case .jobs(let jobs) = reply, let status = jobs.jobs.first
        else { throw unexpected("query") }
        return status
    }

    public func cluster() async throws(Fault) -> ClusterStatus {
        guard case .cluster(let status) = try await ask(.query(Query())) else {
            throw unexpected("query")
        }
        return status
    }

    public func cancel(_ job: JobID) async throws(Fault) -> JobStatus {
        guard case .jobs(let jobs) = try await ask(.cancel(Cancel(job: job))),
            let status = jobs.jobs.first
        else { throw unexpected("cancel") }
        return status
    }

    /// Lets a job that failed or was cancelled run again.
    public func retry(_ job: JobID) async throws(Fault) -> JobStatus {
        guard case .jobs(let jobs) = try await ask(.retry(Retry(job: job))),
            let status = jobs.jobs.first
        else { throw unexpected("retry") }
        return status
    }

    /// Lines of the job's log after line `after`; none if there are no more yet.
    public func log(of job: JobID, after: Int) async throws(Fault) -> [LogLine] {
        guard case .log(let log) = try await ask(.readLog(ReadLog(job: job, after: after)))
        else { throw unexpected("readLog") }
        return log.lines
    }

    /// The best hits of an index. Of a client of the search plane.
    ///
    /// - Parameter question: only workers read it.
    public func search(
        _ search: Search, _ question: Frame
    ) async throws(Fault) -> (hits: [Hit], found: Found) {
        // The coordinator keeps the deadline; the margin is for the way there and back.
        let seconds = Double(search.deadlineMilliseconds) / 1_000 + Self.patienceSeconds
        let reply = try await ask(
            Message(.search(search), body: question), deadlineSeconds: seconds)
        guard case .found(let found) = reply.header, let body = reply.body else {
            throw unexpected("search")
        }
        do throws(CodecError) { return (try Hits.decode(body), found) } catch {
            throw Fault(.internalError, "the coordinator's answer cannot be read: \(error)")
        }
    }

    /// Tells a worker to finish what it runs and to leave.
    public func drain(_ worker: WorkerID) async throws(Fault) {
        guard case .drainWorker = try await ask(.drainWorker(DrainWorker(worker: worker))) else {
            throw unexpected("drainWorker")
        }
    }

    private func unexpected(_ request: String) -> Fault {
        Fault(
            .internalError, "the coordinator at \(address) gave an unexpected reply to \(request)")
    }
}
