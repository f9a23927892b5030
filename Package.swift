// swift-tools-version: 6.2
import PackageDescription

/// One list of settings for every target: imports say what they expose, existentials say `any`.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// Tests are compiled without optimisation, which takes half the time; what they test is optimised.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name, dependencies: dependencies,
        swiftSettings: strict + [.unsafeFlags(["-Onone"])])
}

func system(_ name: String, _ package: String, _ debian: String) -> Target {
    .systemLibrary(name: name, pkgConfig: package, providers: [.apt([debian])])
}

let package = Package(
    name: "sounder",
    products: [
        .executable(name: "sounder", targets: ["Console"]),
        .executable(name: "sounder-coordinator", targets: ["Coordinator"]),
        .executable(name: "sounder-worker", targets: ["Worker"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // Quarantined C
        system("CZeroMQ", "libzmq", "libzmq3-dev"),
        system("CXXHash", "libxxhash", "libxxhash-dev"),
        system("CZlib", "zlib", "zlib1g-dev"),
        system("CZstd", "libzstd", "libzstd-dev"),
        system("CCrypto", "libcrypto", "libssl-dev"),
        system("CCurl", "libcurl", "libcurl4-openssl-dev"),
        system("CUTF8Proc", "libutf8proc", "libutf8proc-dev"),
        // It has no file for pkg-config.
        .systemLibrary(name: "CStemmer", providers: [.apt(["libstemmer-dev"])]),
        .target(name: "CKernels"),

        // What both towers stand on
        library("Files"),
        library("Compression", ["Files", "CZlib", "CZstd"]),
        library("Digests", ["CCrypto"]),
        library("Documents", ["Files"]),

        // Models from elsewhere; only the console has it, because of what comes with it
        library("Hub", ["Digests", "Files", "CCurl"]),

        // Control tower
        library("Protocol"),
        library("Transport", ["Protocol", "CZeroMQ", "CXXHash", logging]),
        library("Cluster", ["Protocol"]),
        library("Journal", ["Cluster", "Protocol", "CXXHash", grdb]),
        library("Client", ["Protocol", "Transport"]),
        library("Telemetry", ["Protocol", "Transport", arguments, logging]),

        // Math tower
        library("Tensors", ["Files", "CKernels"]),
        library("WordVectors", ["Files", "Tensors", "CKernels"]),
        library("Tokenizers", ["CUTF8Proc"]),
        library("Models", ["Files", "Tensors", "Tokenizers", "CKernels"]),
        library(
            "Retrieval",
            ["Compression", "Files", "Tensors", "CKernels", "CStemmer", "CUTF8Proc"]),

        // Between the towers
        library("WordJobs", ["Digests", "Files", "Protocol", "Tensors", "WordVectors"]),

        // Programs
        program(
            "Coordinator",
            [
                "Cluster", "Compression", "Digests", "Documents", "Files", "Journal", "Protocol",
                "Retrieval", "Telemetry", "Tensors", "Transport", "WordJobs", "WordVectors",
                arguments,
                logging,
            ]),
        program(
            "Worker",
            [
                "CKernels", "Cluster", "Digests", "Documents", "Files", "Models", "Protocol",
                "Retrieval", "Telemetry", "Tensors", "Transport", "WordJobs", "WordVectors",
                arguments,
                logging,
            ]),
        program(
            "Console",
            [
                "Client", "Compression", "Digests", "Documents", "Files", "Hub", "Models",
                "Protocol", "Retrieval", "Telemetry", "Tensors", "Transport", "WordJobs",
                "WordVectors",
                arguments,
            ]),

        // Figures that docs/benchmarks.md and docs/averaging.md report
        .executableTarget(
            name: "AveragingLab", dependencies: ["Files", "Tensors", "WordVectors"],
            path: "Benchmarks/averaging", 
            exclude: ["cbow.txt", "full.txt", "plot.py", "queue.py", "results"],
            swiftSettings: strict),
        .executableTarget(
            name: "JournalBench", dependencies: ["Cluster", "Journal", "Protocol"],
            path: "Benchmarks/journal", swiftSettings: strict),
        .executableTarget(
            name: "LateInteractionBench",
            dependencies: [
                "Client", "Digests", "Files", "Protocol", "Retrieval", "Tensors", "Transport",
            ],
            path: "Benchmarks/lateinteraction", exclude: ["tokens.py", "evaluate.py"],
            swiftSettings: strict),
        .executableTarget(
            name: "SyncBench", dependencies: ["Protocol", "Tensors", "Transport"],
            path: "Benchmarks/sync", exclude: ["elastic.py", "results", "simulate.py"], swiftSettings: strict),
        .executableTarget(
            name: "TokenizerCheck", dependencies: ["Tokenizers"], path: "Benchmarks/tokenizers",
            swiftSettings: strict),

        // Tests mirror the sources; EndToEndTests and ChaosTests start the programs themselves
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "CKernels", "Cluster", "Compression", "Digests", "Documents", "Files", "Journal",
                "Models", "Protocol", "Retrieval", "Telemetry", "Tensors", "Tokenizers",
                "Transport", "WordJobs", "WordVectors",
            ],
            path: "Tests/FuzzTargets", swiftSettings: strict),
        .target(
            name: "Processes", dependencies: ["Compression", "Protocol", "Transport"],
            path: "Tests/Processes", swiftSettings: strict),
        tests("CKernelsTests", ["CKernels", "TestSupport"]),
        tests(
            "ChaosTests",
            [
                "Cluster", "Console", "Coordinator", "Journal", "Processes", "Protocol",
                "TestSupport", "Transport", "Worker",
            ]),
        tests("ClusterTests", ["Cluster", "Protocol"]),
        tests("CompressionTests", ["Compression", "Files", "TestSupport"]),
        tests(
            "CoordinatorTests",
            [
                "Coordinator", "Documents", "Files", "Protocol", "Tensors", "TestSupport",
                "Transport", "WordJobs", logging,
            ]),
        tests("DeployTests", ["TestSupport"]),
        tests("DocumentsTests", ["Documents", "TestSupport"]),
        tests("ConsoleTests", ["Console", "Protocol", "TestSupport", "Transport"]),
        tests(
            "EndToEndTests",
            [
                "Compression", "Console", "Coordinator", "Models", "Processes", "Protocol",
                "Retrieval", "TestSupport", "Transport", "Worker",
            ]),
        tests("FilesTests", ["Files", "TestSupport"]),
        tests("FuzzTests", ["FuzzTargets", "TestSupport"]),
        tests("HubTests", ["Hub", "TestSupport"]),
        tests("JournalTests", ["Cluster", "Journal", "Protocol", grdb]),
        tests(
            "ModelsTests", ["CKernels", "Files", "Models", "Tensors", "TestSupport", "Tokenizers"]),
        tests(
            "RetrievalTests",
            ["CKernels", "Compression", "Files", "Retrieval", "Tensors", "TestSupport"]),
        .target(
            name: "Simulation", dependencies: ["Cluster", "Protocol"],
            path: "Tests/Simulation/Simulation", swiftSettings: strict),
        .executableTarget(
            name: "simulate", dependencies: ["Simulation"], path: "Tests/Simulation/simulate",
            swiftSettings: strict),
        .testTarget(
            name: "SimulationTests", dependencies: ["Cluster", "Simulation", "TestSupport"],
            path: "Tests/Simulation/SimulationTests", swiftSettings: strict),
        tests("TelemetryTests", ["Protocol", "Telemetry", "TestSupport"]),
        tests("TensorsTests", ["Files", "Tensors", "TestSupport"]),
        // Reads all sources, letter by letter.
        .testTarget(name: "TidyTests", swiftSettings: strict),
        tests("TokenizersTests", ["TestSupport", "Tokenizers"]),
        tests("TransportTests", ["CZeroMQ", "Protocol", "Transport", logging]),
        tests("WordVectorsTests", ["CKernels", "Files", "Tensors", "TestSupport", "WordVectors"]),
    ],
    swiftLanguageModes: [.v6]
)

// libFuzzer brings the `main` of this one, so that it only links with -sanitize=fuzzer (`make fuzz`).
if Context.environment["SOUNDER_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "sounder-fuzz", dependencies: ["FuzzTargets"], path: "Tests/FuzzDriver",
            swiftSettings: strict))
}
