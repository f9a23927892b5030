// The `sounder` command: what it can do, and the one place where an error becomes a sentence.

import ArgumentParser
import Hub
import Protocol
import Transport

@main
struct SounderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sounder",
        abstract: "Train, encode, index and search on many workers that move as one.",
        discussion: """
            Without --cluster a job runs on a cluster of its own on this machine, which
            goes away with it. With --cluster ADDRESS (or SOUNDER_CLUSTER) it runs on the
            cluster there.

            Examples:
              sounder train sgns --input corpus.txt --output vectors.bin --workers 2
              sounder phrases --input corpus.txt --output joined.txt
              sounder encode --model all-MiniLM-L6-v2 --input docs.jsonl --output encoded
              sounder index build --model colbert --input docs.jsonl --output docs.index
              sounder search --index docs.index 'do wild hogs swim?'
              sounder neighbours --vectors vectors.bin paris
              sounder eval words --vectors vectors.bin --analogies questions-words.txt
              sounder up --workers 4 --listen tcp://127.0.0.1:5761
            """,
        version: softwareVersion,
        subcommands: [
            TrainCommand.self, PhrasesCommand.self, EstimateCommand.self, EncodeCommand.self,
            IndexCommand.self, SearchCommand.self, RerankCommand.self, ChunkCommand.self,
            UpCommand.self, JobsCommand.self, StatusCommand.self, CancelCommand.self,
            RetryCommand.self, LogsCommand.self, FetchCommand.self, DrainCommand.self,
            KeygenCommand.self, AuthorizeCommand.self, RevokeCommand.self, KeysCommand.self,
            VectorCommand.self, NeighboursCommand.self, EvalCommand.self, TopCommand.self,
            DoctorCommand.self, ModelCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            try Terminal.checkOutput()
        } catch let fault as Fault {
            endProgram("sounder", fault)
        } catch let error as TransportError {
            endProgram("sounder", error.fault)
        } catch let error as HubError {
            endProgram("sounder", error.fault)
        } catch {
            exit(withError: error)
        }
    }
}
