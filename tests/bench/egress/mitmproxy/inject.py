"""What our egress door does, as an addon of mitmproxy: allow one host, take credentials out, put the real one in, stream."""

from mitmproxy import http

HOSTS = {"localhost"}
CREDENTIALS = ("authorization", "proxy-authorization", "cookie", "x-api-key")


class Inject:
    def http_connect(self, flow):
        if flow.request.host not in HOSTS:
            flow.response = http.Response.make(403, b"refused")

    def requestheaders(self, flow):
        if flow.request.pretty_host not in HOSTS or not flow.request.path.startswith("/v1/"):
            flow.response = http.Response.make(403, b"refused")
            return
        for name in CREDENTIALS:
            flow.request.headers.pop(name, None)
        flow.request.headers["authorization"] = "Bearer @CREDENTIAL@"
        flow.request.stream = True

    def responseheaders(self, flow):
        flow.response.stream = True


addons = [Inject()]
