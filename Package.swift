// swift-tools-version: 6.2
import PackageDescription

/// One list of settings for every target: imports say what they expose, existentials say `any`.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "sounder",
    targets: [
        .target(name: "Protocol", swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
