import Kernels

/// What this binary is.
enum BuildInformation {
    /// The version, raised with every release; the changelog says what changed.
    static let version = "0.1.0"

    /// `0.1.0 (release, x86_64, avx512bf16)`.
    static var versionLine: String {
        "\(version) (\(configuration), \(architecture), \(kernels))"
    }

    /// The kernel level in use.
    static var kernels: String { KernelLevel.active.name }

    static var configuration: String {
        #if DEBUG
            "debug"
        #else
            "release"
        #endif
    }

    static var architecture: String {
        #if arch(x86_64)
            "x86_64"
        #elseif arch(arm64)
            "arm64"
        #else
            "unknown"
        #endif
    }
}
