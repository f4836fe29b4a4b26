/**
 * What goes wrong between two machines: connections, names, TLS.
 */
import type { Clues, Rule } from "./Rule.js"

const peer = ["code", "syscall", "address", "hostname", "host", "port", "url"]
const certificate = ["code", "hostname", "host", "reason", "url"]

/** `getaddrinfo` calls it one way, TLS the other. */
const hostOf = ({ text }: Clues): string | undefined => text("hostname") ?? text("host")

const isLoopback = (clues: Clues): boolean =>
  /^(?:127\.|::1$|localhost$)/.test(clues.text("address") ?? hostOf(clues) ?? "")

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
    match: { codes: ["ECONNREFUSED"] },
    hint: "Start what should listen there, or correct the address.",
    detail: refused,
    evidence: peer
  },
  {
    id: "port-in-use",
    when: "Another listener has the port.",
    match: { codes: ["EADDRINUSE"] },
    hint: "Stop what listens there, often an earlier run of the same program, or choose another port.",
    evidence: peer
  },
  {
    id: "address-not-here",
    when: "The address to listen at, or to connect from, is not one of this machine.",
    match: { codes: ["EADDRNOTAVAIL"] },
    hint: "Use an address of this machine, or `0.0.0.0` for all of them.",
    evidence: peer
  },
  {
    id: "connection-reset",
    when: "The other side broke the connection off.",
    match: { codes: ["ECONNRESET", "ECONNABORTED", "UND_ERR_SOCKET", "ERR_STREAM_PREMATURE_CLOSE"] },
    hint: "Try again if the work may be done twice. Where it keeps happening, the log of the other side says exactCause: a crash, a proxy's time limit, or a connection kept open for longer than it allows.",
    evidence: peer
  },
  {
    id: "broken-pipe",
    when: "The other side had closed before everything was written.",
    match: { codes: ["EPIPE"] },
    hint: "Stop writing when the reader is gone, and handle the error of the stream that is written to.",
    evidence: peer
  },
  {
    id: "stream-ended",
    when: "A stream was used after its end.",
    match: { codes: ["ERR_STREAM_WRITE_AFTER_END", "ERR_STREAM_DESTROYED", "ERR_STREAM_PUSH_AFTER_EOF"] },
    hint: "End the stream only when the last write is done, and write from one place.",
    evidence: ["code"]
  },
  {
    id: "host-unknown",
    when: "The name of the host cannot be resolved.",
    match: { codes: ["ENOTFOUND"] },
    hint: "Correct the host's name, or add it to the name server.",
    detail: (clues) => {
      const host = hostOf(clues)
      if (host === undefined) return undefined
      if (/[/:@ ]/.test(host)) return "This one is more than a name: leave out the scheme, the port and the path."
      return host.includes(".")
        ? undefined
        : "A name without a dot is known only inside its own network or compose file."
    },
    evidence: peer
  },
  {
    id: "name-server-silent",
    when: "The name server did not answer.",
    match: { codes: ["EAI_AGAIN"] },
    hint: "Try again; if it stays, check that this machine has a network and a name server.",
    evidence: peer
  },
  {
    id: "connect-timeout",
    when: "The other side did not answer when it was called.",
    match: { codes: ["ETIMEDOUT", "ESOCKETTIMEDOUT", "UND_ERR_CONNECT_TIMEOUT", "ERR_SOCKET_CONNECTION_TIMEOUT"] },
    hint: "Check the address and the firewalls on the way: a port that is closed refuses, one that is filtered keeps silent.",
    evidence: peer
  },
  {
    id: "answer-timeout",
    when: "The server took the request and did not answer in time.",
    match: { codes: ["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"] },
    hint: "Find out why the server is slow; raise the client's time limit only if so long is right.",
    evidence: peer
  },
  {
    id: "host-unreachable",
    when: "There is no way to the host or its network.",
    match: { codes: ["EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENETDOWN"] },
    hint: "Check the network, the route and the VPN; an IPv6 address needs a network that has IPv6.",
    evidence: peer
  },
  {
    id: "forbidden-port",
    when: "`fetch` does not connect to that port.",
    match: { types: ["TypeError", "Error"] },
    fits: ({ said }) => said(/^bad port$/) !== undefined,
    hint: "Use another port: `fetch` refuses those of other protocols. An `http.request` does not.",
    exactCause: () => "fetch does not connect to this port: it is one of those kept for other protocols",
    evidence: ["url"]
  },
  {
    id: "invalid-url",
    when: "A text is not a URL.",
    match: { codes: ["ERR_INVALID_URL"], facts: ["reason"] },
    fits: ({ text }) => text("code") === "ERR_INVALID_URL" || text("reason") === "InvalidUrl",
    hint: "Give the whole URL, with its scheme, such as `https://`, or a base to resolve it against.",
    exactCause: ({ text }) => {
      const input = text("input")
      const base = text("base")
      if (input === undefined) return undefined
      const from = base === undefined ? "" : `, resolved against ${JSON.stringify(base)}`
      return `${JSON.stringify(input)} is not a valid URL${from}`
    },
    evidence: ["code", "input", "url"]
  },
  {
    id: "headers-already-sent",
    when: "A header was set when the answer had begun.",
    match: { codes: ["ERR_HTTP_HEADERS_SENT"] },
    hint: "Answer a request once, and set headers before the body: look for a `return` missing after the first answer.",
    evidence: ["code"]
  },
  {
    id: "invalid-header",
    when: "A header has a character that HTTP does not allow.",
    match: { codes: ["ERR_INVALID_CHAR", "ERR_HTTP_INVALID_HEADER_VALUE", "ERR_INVALID_HTTP_TOKEN"] },
    hint: "Encode what goes into the header. A line break at the end of a key read from a file is a common one: trim it.",
    evidence: ["code"]
  }
]

const tlsRules: ReadonlyArray<Rule> = [
  {
    id: "tls-certificate-expired",
    when: "The server's certificate has expired.",
    match: { codes: ["CERT_HAS_EXPIRED"] },
    hint: "Renew the certificate on the server, and check this machine's clock.",
    evidence: certificate
  },
  {
    id: "tls-certificate-not-yet-valid",
    when: "The server's certificate is not valid yet.",
    match: { codes: ["CERT_NOT_YET_VALID"] },
    hint: "Check this machine's clock, and the date the certificate begins at.",
    evidence: certificate
  },
  {
    id: "tls-wrong-name",
    when: "The server's certificate is for other names.",
    match: { codes: ["ERR_TLS_CERT_ALTNAME_INVALID"] },
    hint: "Use a name the certificate holds, or have this one added to it. An IP address has to be in it as one.",
    evidence: certificate
  },
  {
    id: "tls-self-signed",
    when: "The certificate, or one of its chain, is signed by itself.",
    match: { codes: ["DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN"] },
    hint: "Trust its authority: `NODE_EXTRA_CA_CERTS=<file.pem>`, or the client's `ca`. A proxy that looks into TLS shows up like this. Do not turn verification off.",
    evidence: certificate
  },
  {
    id: "tls-issuer-unknown",
    when: "The issuer of the certificate is not known here.",
    match: {
      codes: ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "UNABLE_TO_GET_ISSUER_CERT", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"]
    },
    hint: "Have the server send its whole chain, intermediate certificates included; trust a private authority with `NODE_EXTRA_CA_CERTS=<file.pem>`.",
    evidence: certificate
  },
  {
    id: "tls-certificate-revoked",
    when: "The certificate is not trusted any more.",
    match: { codes: ["CERT_REVOKED", "CERT_UNTRUSTED", "CERT_REJECTED"] },
    hint: "Replace the certificate on the server.",
    evidence: certificate
  },
  {
    id: "tls-plain-text",
    when: "The other side does not speak TLS, or not a version of it that is allowed here.",
    match: {
      codes: [
        "EPROTO",
        "ERR_SSL_WRONG_VERSION_NUMBER",
        "ERR_SSL_PACKET_LENGTH_TOO_LONG",
        "ERR_SSL_UNSUPPORTED_PROTOCOL",
        "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"
      ]
    },
    hint: "Check scheme and port: `https` was spoken to a port that answers otherwise, often one of plain `http`.",
    exactCause: ({ said }) => {
      const reason = /:([a-z][a-z0-9 ]+):/i.exec((said(/SSL routines:(.*)/) ?? [])[1] ?? "")?.[1]
      return `the TLS handshake failed${reason === undefined ? "" : ` (${reason})`}: what came back was not the TLS expected`
    },
    evidence: peer
  },
  {
    id: "tls-handshake-refused",
    when: "The other side refused the TLS handshake.",
    match: {
      codes: [
        "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",
        // As Node 24 has it.
        "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE",
        "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"
      ]
    },
    hint: "Give the client certificate the server asks for, or a cipher and server name that both know.",
    evidence: peer
  },
  {
    id: "not-http",
    when: "What came back was not HTTP.",
    match: { codes: ["HPE_INVALID_CONSTANT", "HPE_INVALID_METHOD", "HPE_INVALID_VERSION"] },
    hint: "Check scheme and port: `http` was spoken to a port that answers otherwise, often one of `https`.",
    evidence: peer
  }
]

export const networkRules: ReadonlyArray<Rule> = [...connectionRules, ...tlsRules]
