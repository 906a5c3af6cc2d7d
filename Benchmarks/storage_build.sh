#!/usr/bin/env bash
# Builds Benchmarks/storage_bench.swift as a package beside this one, in .build/storage (git-ignored).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$root/.build/storage
mkdir -p "$work/StorageBench"
cp "$root/Package.swift" "$work/Package.swift"
ln -sfn "$root/Sources" "$work/Sources"
ln -sfn "$root/Benchmarks/storage_bench.swift" "$work/StorageBench/main.swift"
cat >> "$work/Package.swift" <<'SWIFT'

package.targets.removeAll {
    $0.isTest || ["Generation", "Evaluation", "DocentServer", "DocentCLI", "Ingestion", "Decoders", "CurlClient",
        "ModelCatalog", "CLibXML2", "CCurl", "TestSupport"].contains($0.name)
}
package.products.removeAll()
package.targets.append(
    .executableTarget(name: "StorageBench", dependencies: ["Storage", "Retrieval"], path: "StorageBench"))
SWIFT
swift build -c release --package-path "$work"
