#!/usr/bin/env bash
# Builds Benchmarks/lexical_bench.swift against the library targets it measures, in .build/lexical (git-ignored).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$root/.build/lexical
mkdir -p "$work/lexical_bench"
ln -sfn "$root/Sources" "$work/Sources"
ln -sfn "$root/Benchmarks/lexical_bench.swift" "$work/lexical_bench/main.swift"
cat > "$work/Package.swift" <<'SWIFT'
// swift-tools-version: 6.2
import PackageDescription

let features: [SwiftSetting] = ["ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility"]
    .map { .enableUpcomingFeature($0) }
let package = Package(
    name: "lexical-bench",
    platforms: [.macOS(.v26)],
    targets: [
        .target(name: "CKernels"),
        .systemLibrary(name: "CStemmer"),
        .target(name: "Kernels", dependencies: ["CKernels"], swiftSettings: features),
        .target(name: "Tensors", dependencies: ["Kernels"], swiftSettings: features),
        .target(name: "LexicalIndex", dependencies: ["Kernels", "Tensors", "CStemmer"], swiftSettings: features),
        .executableTarget(
            name: "lexical_bench", dependencies: ["LexicalIndex", "Tensors"], path: "lexical_bench",
            swiftSettings: features),
    ],
    swiftLanguageModes: [.v6]
)
SWIFT
swift build -c release --package-path "$work"
