// The Dockerfile and the compose file: what a reviewer would look for in them.

import Foundation
import TestSupport
import Testing

@Suite("The container images")
struct ContainerTests {
    /// Instructions with continued lines joined, comments dropped.
    private func instructions() throws -> [(name: String, rest: String)] {
        let text = try Deploy.text("deploy/docker/Dockerfile")
            .split(separator: "\n").filter { !$0.hasPrefix("#") }.joined(separator: "\n")
            .replacingOccurrences(of: "\\\n", with: " ")
        return text.split(separator: "\n").map { line in
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            return (words[0], words.count > 1 ? words[1] : "")
        }
    }

    @Test("no image runs as root, and all stop by SIGTERM")
    func users() throws {
        let all = try instructions()
        let runtime = try #require(all.firstIndex { $0 == ("FROM", "${DEBIAN_IMAGE} AS runtime") })
        let after = all[runtime...]
        let users = after.filter { $0.name == "USER" }.map(\.rest)
        #expect(users == ["10001:10001"])
        #expect(after.contains { $0 == ("STOPSIGNAL", "SIGTERM") })
        let stages = after.filter { $0.name == "FROM" }.map(\.rest).dropFirst()
        #expect(Array(stages) == ["coordinator", "worker", "console"].map { "runtime AS \($0)" })
    }

    @Test("bases are pinned, nothing is fetched by URL, and only what is named goes in")
    func sources() throws {
        let all = try instructions()
        let bases = all.filter { $0.name == "ARG" }.map(\.rest)
        #expect(bases.count == 2)
        for base in bases { #expect(base.contains(/=[a-z]+:[0-9]+\.[0-9.]+-[a-z]+$/), "\(base)") }
        #expect(!all.contains { $0.name == "ADD" })
        let copies = all.filter { $0.name == "COPY" && !$0.rest.hasPrefix("--from") }
        let copied = Set(copies.map(\.rest))
        #expect(
            copied == [
                "Package.swift Package.resolve[d] ./", "Sources Sources", "Tests Tests",
                "Benchmarks Benchmarks",
                "--chmod=0755 deploy/docker/http-ok.sh /usr/local/bin/http-ok",
            ])
        let ignored = try Deploy.text("deploy/docker/Dockerfile.dockerignore")
        #expect(ignored.split(separator: "\n").contains("*"))
        for word in ["ENV", "PASSWORD", ".key"] {
            #expect(!all.contains { $0.name == word || $0.rest.contains(word) })
        }
    }

    @Test("the C libraries that the package needs are in both halves of the build")
    func libraries() throws {
        let manifest = try Deploy.text("Package.swift")
        let development = manifest.matches(of: /"(lib[a-z0-9-]+-dev|zlib1g-dev)"/).map {
            String($0.1)
        }
        #expect(development.count >= 8)
        let runs = try instructions().filter { $0.name == "RUN" }.map(\.rest)
        let runtime = [
            "libzmq3-dev": "libzmq5", "libxxhash-dev": "libxxhash0", "zlib1g-dev": "zlib1g",
            "libzstd-dev": "libzstd1", "libsqlite3-dev": "libsqlite3-0",
            "libutf8proc-dev": "libutf8proc2", "libstemmer-dev": "libstemmer0d",
            "libcurl4-openssl-dev": "libcurl4", "libssl-dev": "libssl3",
        ]
        for package in development + ["libsqlite3-dev"] {
            #expect(runs[0].contains(" \(package) "), "the build lacks \(package)")
            let needed = try #require(runtime[package], "what is \(package) at run time?")
            #expect(runs.contains { $0.contains(" \(needed) ") }, "the images lack \(needed)")
        }
        for run in runs where run.contains("apt-get install") {
            #expect(run.contains("--no-install-recommends") && run.contains("rm -rf /var/lib/apt"))
        }
    }

    @Test(
        "compose runs everything with the least rights, with secrets and a health check",
        .enabled(if: Deploy.readsYAML, "Python's yaml is missing"))
    func compose() throws {
        let file = try Deploy.documents(yaml: Deploy.text("deploy/docker/compose.yaml"))[0]
        for name in ["coordinator", "worker"] {
            let service = value("services.\(name)", in: file)
            #expect(value("read_only", in: service) as? Bool == true)
            #expect(list("cap_drop", in: service) as? [String] == ["ALL"])
            #expect(list("security_opt", in: service) as? [String] == ["no-new-privileges:true"])
            #expect((value("user", in: service) as? String)?.hasPrefix("${SOUNDER_UID:?") == true)
            #expect(value("privileged", in: service) == nil)
            #expect(value("restart", in: service) as? String == "unless-stopped")
            let probe = list("healthcheck.test", in: service) as? [String]
            #expect(probe == ["CMD", "http-ok", "127.0.0.1", "5763", "/readyz"])
        }
        #expect(value("services.worker.stop_grace_period", in: file) as? String == "15m")
        #expect(
            list("services.worker.secrets", in: file) as? [String]
                == ["worker_key", "coordinator_pub"])
        #expect((value("secrets", in: file) as? [String: Any])?.count == 2)
    }

    @Test("every variable of the compose file is in the example of its environment")
    func composeVariables() throws {
        let example = try Deploy.text("deploy/docker/example.env")
        let compose = try Deploy.text("deploy/docker/compose.yaml")
        let used = Set(compose.matches(of: /\$\{([A-Z_]+)/).map { String($0.1) })
        #expect(used.count > 5)
        for name in used { #expect(example.contains("\n\(name)="), "example.env lacks \(name)") }
    }

    static let hasCompose =
        (try? Command.run("docker", ["compose", "version"]))?.code == 0

    @Test(
        "docker compose reads the compose file",
        .enabled(if: hasCompose, "docker compose is missing"))
    func composeConfig() throws {
        let verdict = try Command.run(
            "docker",
            [
                "compose", "-f", "deploy/docker/compose.yaml", "--env-file",
                "deploy/docker/example.env", "config", "--quiet",
            ])
        #expect(verdict.code == 0, "\(verdict.all)")
    }
}
