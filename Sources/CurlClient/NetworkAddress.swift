#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An IP address, and whether it is one of the public internet.
///
/// What a server fetches for its users must not reach the machines around it: ``isPublic`` is the list of what is out of
/// bounds, to be asked about the address that a connection is really made to.
/// Source: IANA's special-purpose address registries (RFC 6890 and its successors).
public struct NetworkAddress: Sendable, Equatable {
    /// Four bytes of IPv4 or sixteen of IPv6, in network order.
    public let bytes: [UInt8]

    /// An address of four or sixteen bytes; nil for any other number.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Reads `127.0.0.1` or `::1`, with or without brackets; nil for what is no address.
    public init?(_ text: String) {
        let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
        var four = in_addr()
        var six = in6_addr()
        if unsafe inet_pton(AF_INET, bare, &four) == 1 {
            bytes = unsafe withUnsafeBytes(of: &four) { unsafe [UInt8]($0) }
        } else if unsafe inet_pton(AF_INET6, bare, &six) == 1 {
            bytes = unsafe withUnsafeBytes(of: &six) { unsafe [UInt8]($0) }
        } else {
            return nil
        }
    }

    /// Whether the address is one of the public internet.
    ///
    /// Not public are private, loopback, link-local, shared (CGNAT), multicast, unspecified, documentation and reserved
    /// addresses, and those of IPv6 that stand for an IPv4 address (mapped, translated, 6to4, Teredo), whatever it is.
    public var isPublic: Bool {
        let blocks = bytes.count == 4 ? Self.reservedV4 : Self.reservedV6
        if bytes.count == 16, bytes[0] & 0xE0 != 0x20 { return false }
        return !blocks.contains { $0.contains(bytes) }
    }

    /// Addresses that share their first bits.
    private struct Block {
        var prefix: [UInt8]
        var bitCount: Int

        init(_ prefix: [UInt8], _ bitCount: Int) {
            (self.prefix, self.bitCount) = (prefix, bitCount)
        }

        func contains(_ bytes: [UInt8]) -> Bool {
            for bit in 0..<bitCount {
                let mask: UInt8 = 0x80 >> UInt8(bit & 7)
                if (bit / 8 < prefix.count ? prefix[bit / 8] : 0) & mask != bytes[bit / 8] & mask { return false }
            }
            return true
        }
    }

    private static let reservedV4 = [
        Block([0], 8), Block([10], 8), Block([100, 64], 10), Block([127], 8), Block([169, 254], 16),
        Block([172, 16], 12), Block([192, 0, 0], 24), Block([192, 0, 2], 24), Block([192, 88, 99], 24),
        Block([192, 168], 16), Block([198, 18], 15), Block([198, 51, 100], 24), Block([203, 0, 113], 24),
        Block([224], 4), Block([240], 4),
    ]

    /// Within 2000::/3, outside of which nothing is public.
    private static let reservedV6 = [
        Block([0x20, 0x01, 0, 0], 23), Block([0x20, 0x01, 0x0D, 0xB8], 32), Block([0x20, 0x02], 16),
        Block([0x3F, 0xFF, 0], 20),
    ]
}
