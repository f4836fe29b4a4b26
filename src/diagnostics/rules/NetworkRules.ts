/**
 * What goes wrong between two machines: connections, names, TLS.
 */
import type { Clues, Rule } from "./Rule.js"

const peer = ["code", "syscall", "address", "hostname", "port", "url"]
const certificate = ["code", "hostname", "reason", "url"]

const isLoopback = ({ text }: Clues): boolean =>
  /^(?:127\.|::1$|localhost$)/.test(text("address") ?? text("hostname") ?? "")

/** Which programs listen on a port by default. */
const usualPorts: ReadonlyMap<number, string> = new Map([
  [1433, "SQL Server"],
  [3306, "MySQL"],
  [4317, "an OpenTelemetry collector (gRPC)"],
  [4318, "an OpenTelemetry collector (HTTP)"],
  [5432, "PostgreSQL"],
  [5672, "RabbitMQ"],
  [6379, "Redis"],
  [9042, "Cassandra"],
  [9092, "Kafka"],
  [9200, "Elasticsearch"],
  [11211, "Memcached"],
  [11434, "Ollama"],
  [27017, "MongoDB"]
])

const refused = (clues: Clues): string | undefined => {
  const port = clues.number("port")
  const usual = port === undefined ? undefined : usualPorts.get(port)
  const parts = [
    usual === undefined ? "" : `Port ${port} is by default that of ${usual}.`,
    isLoopback(clues) ? "Inside a container, this address is the container itself." : ""
  ].filter((part) => part !== "")
  return parts.length === 0 ? undefined : parts.join(" ")
}

const connectionRules: ReadonlyArray<Rule> = [
  {
    id: "connection-refused",
    when: "Nothing listens at the address.",
    on: { codes: ["ECONNREFUSED"] },
    mends: "Start what should listen there, or correct the address.",
    also: refused,
    shows: peer
  },
  {
    id: "port-in-use",
    when: "Another listener has the port.",
    on: { codes: ["EADDRINUSE"] },
    mends: "Stop what listens there, often an earlier run of the same program, or choose another port.",
    shows: peer
  },
  {
    id: "address-not-here",
    when: "The address to listen at, or to connect from, is not one of this machine.",
    on: { codes: ["EADDRNOTAVAIL"] },
    mends: "Use an address of this machine, or `0.0.0.0` for all of them.",
    shows: peer
  },
  {
    id: "connection-reset",
    when: "The other side broke the connection off.",
    on: { codes: ["ECONNRESET", "ECONNABORTED", "UND_ERR_SOCKET", "ERR_STREAM_PREMATURE_CLOSE"] },
    mends:
      "Try again if the work may be done twice. Where it keeps happening, the log of the other side says why: a crash, a proxy's time limit, or a connection kept open for longer than it allows.",
    shows: peer
  },
  {
    id: "broken-pipe",
    when: "The other side had closed before everything was written.",
    on: { codes: ["EPIPE"] },
    mends: "Stop writing when the reader is gone, and handle the error of the stream that is written to.",
    shows: peer
  },
  {
    id: "stream-ended",
    when: "A stream was used after its end.",
    on: { codes: ["ERR_STREAM_WRITE_AFTER_END", "ERR_STREAM_DESTROYED", "ERR_STREAM_PUSH_AFTER_EOF"] },
    mends: "End the stream only when the last write is done, and write from one place.",
    shows: ["code"]
  },
  {
    id: "host-unknown",
    when: "The name of the host cannot be resolved.",
    on: { codes: ["ENOTFOUND"] },
    mends: "Correct the host's name, or add it to the name server.",
    also: ({ text }) => {
      const host = text("hostname")
      if (host === undefined) return undefined
      if (/[/:@ ]/.test(host)) return "This one is more than a name: leave out the scheme, the port and the path."
      return host.includes(".")
        ? undefined
        : "A name without a dot is known only inside its own network or compose file."
    },
    shows: peer
  },
  {
    id: "name-server-silent",
    when: "The name server did not answer.",
    on: { codes: ["EAI_AGAIN"] },
    mends: "Try again; if it stays, check that this machine has a network and a name server.",
    shows: peer
  },
  {
    id: "connect-timeout",
    when: "The other side did not answer when it was called.",
    on: { codes: ["ETIMEDOUT", "ESOCKETTIMEDOUT", "UND_ERR_CONNECT_TIMEOUT", "ERR_SOCKET_CONNECTION_TIMEOUT"] },
    mends:
      "Check the address and the firewalls on the way: a port that is closed refuses, one that is filtered keeps silent.",
    shows: peer
  },
  {
    id: "answer-timeout",
    when: "The server took the request and did not answer in time.",
    on: { codes: ["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"] },
    mends: "Find out why the server is slow; raise the client's time limit only if so long is right.",
    shows: peer
  },
  {
    id: "host-unreachable",
    when: "There is no way to the host or its network.",
    on: { codes: ["EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENETDOWN"] },
    mends: "Check the network, the route and the VPN; an IPv6 address needs a network that has IPv6.",
    shows: peer
  },
  {
    id: "forbidden-port",
    when: "`fetch` does not connect to that port.",
    on: { types: ["TypeError", "Error"] },
    fits: ({ said }) => said(/^bad port$/) !== undefined,
    mends: "Use another port: `fetch` refuses those of other protocols. An `http.request` does not.",
    why: () => "fetch does not connect to this port: it is one of those kept for other protocols",
    shows: ["url"]
  },
  {
    id: "invalid-url",
    when: "A text is not a URL.",
    on: { codes: ["ERR_INVALID_URL"], facts: ["reason"] },
    fits: ({ text }) => text("code") === "ERR_INVALID_URL" || text("reason") === "InvalidUrl",
    mends: "Give the whole URL, with its scheme, such as `https://`, or a base to resolve it against.",
    why: ({ text }) => {
      const input = text("input")
      return input === undefined ? undefined : `${JSON.stringify(input)} is not a valid URL`
    },
    shows: ["code", "input", "url"]
  },
  {
    id: "headers-already-sent",
    when: "A header was set when the answer had begun.",
    on: { codes: ["ERR_HTTP_HEADERS_SENT"] },
    mends:
      "Answer a request once, and set headers before the body: look for a `return` missing after the first answer.",
    shows: ["code"]
  },
  {
    id: "invalid-header",
    when: "A header has a character that HTTP does not allow.",
    on: { codes: ["ERR_INVALID_CHAR", "ERR_HTTP_INVALID_HEADER_VALUE", "ERR_INVALID_HTTP_TOKEN"] },
    mends:
      "Encode what goes into the header. A line break at the end of a key read from a file is a common one: trim it.",
    shows: ["code"]
  }
]

const tlsRules: ReadonlyArray<Rule> = [
  {
    id: "tls-certificate-expired",
    when: "The server's certificate has expired.",
    on: { codes: ["CERT_HAS_EXPIRED"] },
    mends: "Renew the certificate on the server, and check this machine's clock.",
    shows: certificate
  },
  {
    id: "tls-certificate-not-yet-valid",
    when: "The server's certificate is not valid yet.",
    on: { codes: ["CERT_NOT_YET_VALID"] },
    mends: "Check this machine's clock, and the date the certificate begins at.",
    shows: certificate
  },
  {
    id: "tls-wrong-name",
    when: "The server's certificate is for other names.",
    on: { codes: ["ERR_TLS_CERT_ALTNAME_INVALID"] },
    mends: "Use a name the certificate holds, or have this one added to it. An IP address has to be in it as one.",
    shows: certificate
  },
  {
    id: "tls-self-signed",
    when: "The certificate, or one of its chain, is signed by itself.",
    on: { codes: ["DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN"] },
    mends:
      "Trust its authority: `NODE_EXTRA_CA_CERTS=<file.pem>`, or the client's `ca`. A proxy that looks into TLS shows up like this. Do not turn verification off.",
    shows: certificate
  },
  {
    id: "tls-issuer-unknown",
    when: "The issuer of the certificate is not known here.",
    on: {
      codes: ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "UNABLE_TO_GET_ISSUER_CERT", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"]
    },
    mends:
      "Have the server send its whole chain, intermediate certificates included; trust a private authority with `NODE_EXTRA_CA_CERTS=<file.pem>`.",
    shows: certificate
  },
  {
    id: "tls-certificate-revoked",
    when: "The certificate is not trusted any more.",
    on: { codes: ["CERT_REVOKED", "CERT_UNTRUSTED", "CERT_REJECTED"] },
    mends: "Replace the certificate on the server.",
    shows: certificate
  },
  {
    id: "tls-plain-text",
    when: "The other side does not speak TLS, or not a version of it that is allowed here.",
    on: {
      codes: [
        "EPROTO",
        "ERR_SSL_WRONG_VERSION_NUMBER",
        "ERR_SSL_PACKET_LENGTH_TOO_LONG",
        "ERR_SSL_UNSUPPORTED_PROTOCOL",
        "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"
      ]
    },
    mends: "Check scheme and port: `https` was spoken to a port that answers otherwise, often one of plain `http`.",
    why: ({ said }) => {
      const reason = /:([a-z][a-z0-9 ]+):/i.exec((said(/SSL routines:(.*)/) ?? [])[1] ?? "")?.[1]
      return `the TLS handshake failed${reason === undefined ? "" : ` (${reason})`}: what came back was not the TLS expected`
    },
    shows: peer
  },
  {
    id: "tls-handshake-refused",
    when: "The other side refused the TLS handshake.",
    on: { codes: ["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"] },
    mends: "Give the client certificate the server asks for, or a cipher and server name that both know.",
    shows: peer
  },
  {
    id: "not-http",
    when: "What came back was not HTTP.",
    on: { codes: ["HPE_INVALID_CONSTANT", "HPE_INVALID_METHOD", "HPE_INVALID_VERSION"] },
    mends: "Check scheme and port: `http` was spoken to a port that answers otherwise, often one of `https`.",
    shows: peer
  }
]

export const networkRules: ReadonlyArray<Rule> = [...connectionRules, ...tlsRules]
