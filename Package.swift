// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "docent",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "docent", targets: ["DocentCLI"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", from: "2.1.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    // Lowest first: a target depends only on targets above it. ARCHITECTURE.md says what each one holds.
    targets: [
        .target(name: "CKernels"),
        .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CStemmer", providers: [.apt(["libstemmer-dev"])]),
        // Debian's libcld2 has a C++ interface; its package is named in the Makefile.
        .target(name: "CLanguage", linkerSettings: [.linkedLibrary("cld2")]),

        .target(name: "Kernels", dependencies: ["CKernels"]),
        .target(name: "Tensors", dependencies: ["Kernels"]),
        .target(name: "Tokenizers", dependencies: ["Tensors"]),
        .target(name: "Encoders", dependencies: ["Kernels", "Tensors", "Tokenizers"]),
        .target(name: "Decoders", dependencies: ["Kernels", "Tensors", "Tokenizers"]),
        .target(name: "VectorIndex", dependencies: ["Kernels", "Tensors"]),
        .target(name: "LexicalIndex", dependencies: ["Kernels", "Tensors", "CStemmer"]),
        .target(name: "Storage", dependencies: [.product(name: "GRDB", package: "GRDB.swift")]),
        .target(name: "CurlClient", dependencies: ["CCurl"]),
        .target(
            name: "ModelCatalog",
            dependencies: ["CurlClient", .product(name: "Crypto", package: "swift-crypto")],
            resources: [.embedInCode("Catalog/catalog.json")]
        ),
        .target(
            name: "Ingestion",
            dependencies: [
                "CurlClient", "Encoders", "Storage", "CArchive", "CLanguage", "CLibXML2",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "Retrieval",
            dependencies: [
                "Encoders", "VectorIndex", "LexicalIndex", "Storage",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "Generation",
            dependencies: [
                "Ingestion", "Retrieval", "Decoders", "CurlClient",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Mustache", package: "swift-mustache"),
            ],
            exclude: ["Prompts/README.md"],
            resources: [
                .embedInCode("Prompts/answer-system.mustache"), .embedInCode("Prompts/answer-user.mustache"),
                .embedInCode("Prompts/answer-local-system.mustache"),
                .embedInCode("Prompts/answer-local-user.mustache"), .embedInCode("Prompts/refusal.mustache"),
            ]
        ),
        .target(name: "Evaluation", dependencies: []),
        .target(
            name: "DocentServer",
            dependencies: [
                "Ingestion", "Retrieval", "Generation", "Evaluation",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [
                .embedInCode("Web/index.html"), .embedInCode("Web/docent.css"), .embedInCode("Web/docent.js"),
                .embedInCode("Web/page.js"), .embedInCode("Web/asking.js"), .embedInCode("Web/intake.js"),
                .embedInCode("Web/jobs.js"), .embedInCode("Web/viewer.js"),
            ]
        ),
        .executableTarget(
            name: "DocentCLI",
            dependencies: [
                "DocentServer", "ModelCatalog", "CurlClient", "Kernels", "Tensors", "Tokenizers",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),

        .target(name: "TestSupport"),
        .testTarget(name: "KernelsTests", dependencies: ["Kernels", "TestSupport"]),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors", "TestSupport"], resources: [.copy("Fixtures")]),
        .testTarget(
            name: "TokenizersTests", dependencies: ["Tokenizers", "TestSupport"], resources: [.copy("Fixtures")]),
        .testTarget(name: "EncodersTests", dependencies: ["Encoders", "TestSupport"], resources: [.copy("Fixtures")]),
        .testTarget(name: "DecodersTests", dependencies: ["Decoders", "TestSupport"], resources: [.copy("Fixtures")]),
        .testTarget(
            name: "VectorIndexTests", dependencies: ["VectorIndex", "TestSupport"], resources: [.copy("Fixtures")]),
        .testTarget(
            name: "LexicalIndexTests", dependencies: ["LexicalIndex", "TestSupport"]),
        .testTarget(name: "StorageTests", dependencies: ["Storage", "TestSupport"]),
        .testTarget(name: "CurlClientTests", dependencies: ["CurlClient", "TestSupport"]),
        .testTarget(name: "ModelCatalogTests", dependencies: ["ModelCatalog", "TestSupport"]),
        .testTarget(
            name: "IngestionTests", dependencies: ["Ingestion", "TestSupport"], resources: [.copy("Fixtures")]),
        .testTarget(name: "RetrievalTests", dependencies: ["Retrieval", "TestSupport"]),
        .testTarget(name: "GenerationTests", dependencies: ["Generation", "TestSupport"]),
        .testTarget(
            name: "EvaluationTests", dependencies: ["Evaluation", "TestSupport"], resources: [.copy("Fixtures")]),
        .testTarget(
            name: "DocentServerTests",
            dependencies: [
                "DocentServer", "TestSupport", .product(name: "HummingbirdTesting", package: "hummingbird"),
            ]
        ),
        .testTarget(name: "DocentCLITests", dependencies: ["TestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system && !["CKernels", "CLanguage"].contains(target.name) {
    target.swiftSettings = [
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
        .enableUpcomingFeature("ExistentialAny"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
        .enableUpcomingFeature("InternalImportsByDefault"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
        .enableUpcomingFeature("MemberImportVisibility"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0461-async-function-isolation.md
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0458-strict-memory-safety.md
        .strictMemorySafety(),
    ]
    // A newer compiler's new warning must not break a user's build, only ours.
    if Context.environment["CI"] != nil { target.swiftSettings?.append(.treatAllWarnings(as: .error)) }
}
