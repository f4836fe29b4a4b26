/**
 * What the operating system, the network and databases mean by their error codes, with the path, host or column.
 */
import * as PlainValue from "../../plain/PlainValue.js"
import { isObject, propertyOf, textOf } from "../../plain/untrusted.js"
import { argumentsOf, empty, type FailingLine, valueOf } from "./failingLine.js"

/** The sentence for an error with a code of Node's or OpenSSL's; `known` says what the error itself does not. */
export const explainSystemError = (error: unknown, known: { readonly path?: string } = {}): string | undefined => {
  const code = textOf(error, "code")
  const say = code === undefined ? undefined : systemCodes.get(code)
  if (code === undefined || say === undefined || isOwnText(error, code)) return undefined
  const syscall = textOf(error, "syscall")
  return `${say(targetOf(error, known.path))} (${syscall === undefined ? code : `${code}, ${short(syscall)}`})`
}

/** A program that gives its own error a code of the system's has said in the message what it means. */
const isOwnText = (error: unknown, code: string): boolean => {
  const message = textOf(error, "message") ?? ""
  return (
    /^E[A-Z_]+$/.test(code) &&
    message !== "" &&
    !message.includes(code) &&
    !/^(?:socket hang up|aborted$|Client network socket disconnected)/.test(message) &&
    textOf(error, "syscall") === undefined &&
    propertyOf(error, "errno") === undefined
  )
}

/** The sentence for an error of SQLite's or Postgres'. */
export const explainSqlError = (
  error: unknown,
  line: FailingLine = empty,
  statement = line.text
): string | undefined => {
  const code = textOf(error, "code")
  const message = firstLine(textOf(error, "message") ?? "")
  if (code === undefined) return undefined
  if (/^(?:ERR_)?SQLITE/.test(code)) return explainSqlite(message, code, line, statement)
  const say = postgresCodes.get(code)
  return say === undefined ? undefined : `${say(error, message)} (${code})`
}

interface Target {
  /** A path, an address, a host or nothing. */
  readonly name: string | undefined
  readonly dest: string | undefined
}

const short = (text: string): string => PlainValue.clip(text, 150)

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? ""

const targetOf = (error: unknown, path: string | undefined): Target => {
  const host = textOf(error, "address") ?? textOf(error, "hostname") ?? textOf(error, "host")
  const port = propertyOf(error, "port")
  const address =
    typeof port !== "number"
      ? host
      : host === undefined
        ? `port ${port}`
        : `${host.includes(":") ? `[${host}]` : host}:${port}`
  const name = textOf(error, "path") ?? address ?? path
  const dest = textOf(error, "dest")
  return {
    name: name === undefined ? undefined : short(name),
    dest: dest === undefined ? undefined : short(dest)
  }
}

const naming =
  (unnamed: string, what: string) =>
  ({ name }: Target): string =>
    `${name ?? unnamed} ${what}`

const alone = (sentence: string) => (): string => sentence

const withPeer =
  (sentence: string, joint: string) =>
  ({ name }: Target): string =>
    name === undefined ? sentence : `${sentence} ${joint} ${name}`

const certificate =
  (what: string) =>
  ({ name }: Target): string =>
    `the certificate${name === undefined ? "" : ` of ${name}`} ${what}`

const systemCodes: ReadonlyMap<string, (target: Target) => string> = new Map([
  [
    "ENOENT",
    ({ dest, name }: Target) =>
      dest === undefined ? `${name ?? "a file"} does not exist` : `${name}, or the folder of ${dest}, does not exist`
  ],
  ["EACCES", naming("a file or port", "may not be accessed by this process")],
  ["EPERM", naming("the operation", "is not permitted to this process")],
  ["EROFS", naming("the file system", "is read-only")],
  ["EEXIST", ({ dest, name }: Target) => `${dest ?? name ?? "the file"} already exists`],
  ["ENOTEMPTY", ({ dest, name }: Target) => `${dest ?? name ?? "the folder"} is not empty`],
  ["EISDIR", naming("the path", "is a folder, not a file")],
  ["ENOTDIR", naming("the path", "goes through something that is not a folder")],
  ["EBUSY", naming("the file", "is in use")],
  ["ENAMETOOLONG", naming("the path", "is too long a name")],
  ["ELOOP", naming("the path", "has too many symbolic links")],
  ["EXDEV", naming("the file", "cannot be moved to another file system")],
  ["EBADF", alone("the file or socket was already closed")],
  ["EMFILE", alone("this process has too many files open")],
  ["ENFILE", alone("the system has too many files open")],
  ["ENOSPC", withPeer("no space is left on the device", "for")],
  ["EADDRINUSE", naming("the address", "is already in use by another listener")],
  ["EADDRNOTAVAIL", naming("the address", "is not an address of this machine")],
  ["ECONNREFUSED", withPeer("the connection was refused: nothing listens", "at")],
  ["ECONNRESET", withPeer("the connection was reset by the other side", "at")],
  ["ECONNABORTED", withPeer("the connection was aborted", "to")],
  ["EPIPE", alone("the other side had closed the connection while it was written to")],
  ["ENOTCONN", alone("the socket is not connected")],
  ["ETIMEDOUT", naming("the other side", "did not answer in time")],
  ["ESOCKETTIMEDOUT", naming("the other side", "did not answer in time")],
  ["EHOSTUNREACH", naming("the host", "cannot be reached")],
  ["ENETUNREACH", naming("the network", "cannot be reached")],
  ["ENOTFOUND", naming("the host", "is a name that could not be resolved")],
  ["EAI_AGAIN", naming("the host", "could not be resolved for now: the name server did not answer")],
  ["UND_ERR_CONNECT_TIMEOUT", withPeer("the connection was not made in time", "to")],
  ["UND_ERR_HEADERS_TIMEOUT", alone("the server did not begin to answer in time")],
  ["UND_ERR_BODY_TIMEOUT", alone("the server did not finish its answer in time")],
  ["UND_ERR_SOCKET", alone("the server closed the connection")],
  ["CERT_HAS_EXPIRED", certificate("has expired")],
  ["CERT_NOT_YET_VALID", certificate("is not valid yet")],
  ["CERT_REVOKED", certificate("has been revoked")],
  ["CERT_UNTRUSTED", certificate("is not trusted")],
  ["ERR_TLS_CERT_ALTNAME_INVALID", certificate("was made out to another name")],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", certificate("is self-signed")],
  ["SELF_SIGNED_CERT_IN_CHAIN", certificate("has a self-signed certificate in its chain")],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", certificate("could not be verified: its issuer is not known")],
  ["UNABLE_TO_GET_ISSUER_CERT", certificate("could not be verified: its issuer is not known")],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", certificate("could not be verified: its issuer is not known")]
])

const sqliteMessages: ReadonlyArray<readonly [RegExp, (name: string) => string]> = [
  [/^UNIQUE constraint failed: (.+)$/, (name) => `a row with the same ${name} already exists`],
  [/^NOT NULL constraint failed: (.+)$/, (name) => `${name} was given no value`],
  [/^CHECK constraint failed: (.+)$/, (name) => `a value breaks the check ${name}`],
  [/^FOREIGN KEY constraint failed()$/, () => "a row refers to another that does not exist, or is still referred to"],
  [/^no such table: (.+)$/, (name) => `there is no table ${name}`],
  [/^no such column: (.+)$/, (name) => `there is no column ${name}`],
  [/^(table .+ has no column named .+)$/, (name) => name],
  [/^near (".*"): syntax error$/, (name) => `the SQL is not valid near ${name}`],
  [/^database (?:table |schema )?is locked()/, () => "another connection holds the database"],
  [/^attempt to write a readonly database()$/, () => "the database is read-only"]
]

/**
 * SQLite does not say which row refers to which: the statement says of what table it is, and a variable may hold the row.
 * The statement is that of the client's span, or as the failing line writes it.
 */
const explainForeignKey = (line: FailingLine, statement: string): string | undefined => {
  const table = /\b(?:insert\s+(?:or\s+\w+\s+)?into|update|delete\s+from|replace\s+into)\s+["`[]?([\w.$]+)/i.exec(
    statement
  )?.[1]
  if (table === undefined) return undefined
  if (/\bdelete\s+from\b/i.test(statement)) return `a row of ${short(table)} is still referred to by another`
  const [given] = argumentsOf(line, /\.(?:insert|update)\s*\(/g)
  const row = given === undefined ? undefined : valueOf(line, given)
  const holds = isObject(row) ? `: ${given} is ${short(JSON.stringify(row))}` : ""
  return `a row of ${short(table)} refers to another that does not exist${holds}`
}

const explainSqlite = (message: string, code: string, line: FailingLine, statement: string): string => {
  const foreign = /^FOREIGN KEY constraint failed$/.test(message) ? explainForeignKey(line, statement) : undefined
  if (foreign !== undefined) return `${foreign} (${message}, ${code})`
  for (const [pattern, say] of sqliteMessages) {
    const name = pattern.exec(message)?.[1]
    if (name !== undefined) return `${say(short(name))} (${short(message)}, ${code})`
  }
  return `${message} (${code})`
}

/** Postgres says the column or constraint beside the message, and the values in `detail`. */
const postgres =
  (sentence: string, about: ReadonlyArray<"table" | "column" | "constraint">) =>
  (error: unknown, message: string): string => {
    const named = about.flatMap((kind) => {
      // postgres.js says `table_name` where node-postgres says `table`.
      const name = textOf(error, kind) ?? textOf(error, `${kind}_name`)
      return name === undefined ? [] : [`${kind} ${short(name)}`]
    })
    const detail = textOf(error, "detail")
    const said = detail === undefined ? message : firstLine(detail).replace(/\.$/, "")
    const what = named.length === 0 ? sentence : `${sentence}, ${named.join(", ")}`
    // A colon behind the name of a table would give it what follows as its value.
    return said === "" ? what : `${what}${named.length === 0 ? ":" : " -"} ${short(said)}`
  }

const postgresCodes: ReadonlyMap<string, (error: unknown, message: string) => string> = new Map([
  ["23505", postgres("a row with the same key already exists", ["table", "constraint"])],
  ["23503", postgres("a row refers to another that does not exist, or is still referred to", ["table", "constraint"])],
  ["23502", postgres("a column was given no value", ["table", "column"])],
  ["23514", postgres("a value breaks a check", ["table", "constraint"])],
  ["23P01", postgres("a row excludes another", ["table", "constraint"])],
  ["22001", postgres("a text is too long for its column", ["table", "column"])],
  ["22003", postgres("a number is out of range", ["table", "column"])],
  ["22P02", postgres("a value cannot be read as its column's type", [])],
  ["42601", postgres("the SQL is not valid", [])],
  ["42P01", postgres("there is no such table", [])],
  ["42703", postgres("there is no such column", [])],
  ["42501", postgres("the database user may not do this", [])],
  ["28P01", postgres("the database refused the password", [])],
  ["28000", postgres("the database refused the login", [])],
  ["3D000", postgres("there is no such database", [])],
  ["40001", postgres("the transaction met another one and was rolled back", [])],
  ["40P01", postgres("the transaction was in a deadlock and was rolled back", [])],
  ["53300", postgres("the database has no connection left", [])],
  ["55P03", postgres("another transaction holds the lock", [])],
  ["57014", postgres("the database cancelled the statement", [])],
  ["57P01", postgres("the database is shutting down", [])]
])
