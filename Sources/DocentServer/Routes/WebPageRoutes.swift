import HTTPTypes
import Hummingbird
import NIOCore

/// The web page and its files, carried in the binary.
struct WebPageRoutes {
    /// No inline script or style, nothing from elsewhere, no framing.
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        + "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

    private static let script = "text/javascript; charset=utf-8"

    func add(to router: Router<ServerContext>) {
        let files: [(path: RouterPath, type: String, bytes: [UInt8])] = [
            ("/", "text/html; charset=utf-8", PackageResources.index_html),
            ("/docent.css", "text/css; charset=utf-8", PackageResources.docent_css),
            ("/docent.js", Self.script, PackageResources.docent_js),
            ("/page.js", Self.script, PackageResources.page_js),
            ("/asking.js", Self.script, PackageResources.asking_js),
            ("/intake.js", Self.script, PackageResources.intake_js),
            ("/jobs.js", Self.script, PackageResources.jobs_js),
            ("/viewer.js", Self.script, PackageResources.viewer_js),
        ]
        for file in files {
            let body = ByteBuffer(bytes: file.bytes)
            router.get(file.path) { _, _ in
                var headers: HTTPFields = [.contentType: file.type, .cacheControl: "no-cache"]
                headers[.contentSecurityPolicy] = Self.policy
                headers[.xContentTypeOptions] = "nosniff"
                return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
            }
        }
    }
}
