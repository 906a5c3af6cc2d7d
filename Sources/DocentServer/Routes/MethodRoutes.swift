import HTTPTypes
import Hummingbird

/// Answers 405 with the methods that would do, where a path exists but not with the method that was used.
///
/// Added last: it looks at the routes that are there.
struct MethodRoutes {
    private static let methods: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete]

    func add(to router: Router<ServerContext>) {
        for routes in Dictionary(grouping: router.routes, by: { "\($0.path)" }).values {
            var allowed = routes.map(\.method)
            // The router answers HEAD where there is GET.
            if let get = allowed.firstIndex(of: .get) { allowed.insert(.head, at: get + 1) }
            for method in Self.methods where !allowed.contains(method) {
                router.on(routes[0].path, method: method) { [allowed] request, _ -> Response in
                    throw HTTPFailure(
                        .methodNotAllowed, "method_not_allowed",
                        "\(request.method) does not go with \(request.uri.path): use "
                            + allowed.map(\.rawValue).joined(separator: ", "),
                        allow: allowed)
                }
            }
        }
    }
}
