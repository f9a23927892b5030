// The shell scripts of the repository, and the probe of the images.

import Foundation
import TestSupport
import Testing

@Suite("The shell scripts")
struct ScriptTests {
    static let scripts = ["deploy", "scripts", "Examples", "Benchmarks", ".ci", "Tests"]
        .flatMap(Deploy.files).filter { path in
            guard let text = try? Deploy.text(path) else { return false }
            return text.hasPrefix("#!/usr/bin/env bash") || text.hasPrefix("#!/bin/sh")
                || path.hasSuffix(".sh")
        }

    @Test("the scripts are found")
    func areFound() {
        for name in ["deploy/cluster.sh", "deploy/slurm/sounder.sbatch", "scripts/setup.sh"] {
            #expect(Self.scripts.contains(name))
        }
    }

    @Test(
        "shellcheck has nothing to say",
        .enabled(if: Command.exists("shellcheck"), "shellcheck is missing"), arguments: scripts)
    func shellcheck(script: String) throws {
        let verdict = try Command.run("shellcheck", [script])
        #expect(verdict.code == 0, "\(verdict.all)")
    }

    @Test("cluster.sh names what is wrong with a hosts file and touches no host")
    func hostsFile() throws {
        let scratch = try Scratch()
        for (hosts, complaint) in [
            ("worker a", "names no coordinator"),
            ("coordinator a\ncoordinator b", "more than one coordinator"),
            ("coordinator a\nworker b\nworker b", "two workers are called b"),
            ("coordinator a\nworker b threads=many", "threads=many is not a number"),
            ("coordinator a\nworker b;reboot", "b;reboot is not a plain name"),
            ("coordinator -oProxyCommand=x", "is not a plain name"),
            ("coordinator a\nboss b", "neither coordinator nor worker"),
            ("coordinator a\nworker", "is not a plain name"),
        ] {
            let file = try scratch.write(hosts + "\n", to: "hosts")
            for command in ["keys", "up", "status", "drain", "down"] {
                let ending = try Command.run(
                    "deploy/cluster.sh", [command],
                    environment: ["SOUNDER_HOSTS": file, "SOUNDER_SSH": "false"])
                #expect(ending.code == 78 && ending.errors.contains(complaint), "\(ending)")
            }
        }
        #expect(try Command.run("deploy/cluster.sh", ["reboot"]).code == 64)
        let missing = try Command.run(
            "deploy/cluster.sh", ["up"], environment: ["SOUNDER_HOSTS": scratch.path("none")])
        #expect(missing.code == 66 && missing.errors.contains("cluster.hosts.example"))
    }

    @Test("the Slurm script names the variable that is missing")
    func slurmVariables() throws {
        let variables = [
            "SLURM_JOB_ID": "7", "SLURM_NTASKS": "1", "SOUNDER_INPUT": "a", "SOUNDER_OUTPUT": "b",
        ]
        for name in variables.keys {
            var others = variables
            others[name] = ""
            let ending = try Command.run("deploy/slurm/sounder.sbatch", [], environment: others)
            #expect(ending.code == 64 && ending.errors.contains("\(name) is not set"), "\(ending)")
        }
    }

    @Test(
        "the probe of the images tells 200 from all else, and from nobody",
        .enabled(if: Command.exists("python3"), "python3 is missing"))
    func probe() throws {
        let answering = """
            import http.server, subprocess, sys, threading
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200 if self.path == "/healthz" else 503)
                    self.end_headers()
                def log_message(self, *_): pass
            server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            port = str(server.server_address[1])
            ask = lambda path: subprocess.run([sys.argv[1], "127.0.0.1", port, path],
                                              stderr=subprocess.DEVNULL).returncode
            codes = [ask("/healthz"), ask("/readyz")]
            server.shutdown()
            server.server_close()
            print(codes + [ask("/healthz")])
            """
        let probe = Deploy.path("deploy/docker/http-ok.sh")
        #expect(try Python.run(answering, [probe]) == "[0, 1, 69]\n")
    }
}
