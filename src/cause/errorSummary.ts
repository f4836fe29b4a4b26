/**
 * What an error comes to for whoever must decide: a code from a short list, and whether trying again may help.
 */
import * as Cause from "effect/Cause"
import type { ErrorCode } from "../event/FailureReport.js"
import * as PlainValue from "../plain/PlainValue.js"
import { attempt, isErrorLike, propertyOf, textOf } from "../plain/untrusted.js"
import { leavesOf } from "./causeLeaves.js"
import * as thrownValue from "./thrownValue.js"

/**
 * An error in short. `type` and `message` are those of the outermost error that speaks for itself; `retryable` says
 * that the same work may succeed later, unchanged.
 */
export interface ErrorSummary {
  readonly code: ErrorCode
  readonly type: string
  readonly message: string
  readonly retryable: boolean
}

/** The summary of any value that was thrown or failed with; `known` is what it came from, where that is known. Never throws. */
export const summarize = (error: unknown, known?: ReadonlyArray<unknown>): ErrorSummary => {
  const links = attempt(() => chainOf(error, known), [error])
  const teller = links.find((link) => !isWrapper(link)) ?? error
  const { code, retryable } = verdictOf(links)
  return { code, type: thrownValue.typeOf(teller), message: firstLineOf(thrownValue.messageOf(teller)), retryable }
}

/** `TIMEOUT: Stage timed out after 30000ms`. */
export const format = (summary: ErrorSummary): string =>
  `${summary.code}: ${summary.message === "" ? summary.type : summary.message}`

/** Most errors of a chain that are asked. */
const maxLinks = 20
/** Longest message, in UTF-16 code units. */
const maxMessage = 500

const firstLineOf = (message: string): string =>
  PlainValue.clip(message.trimStart().split("\n", 1)[0] ?? "", maxMessage)

/** The error and what it came from; a list of errors, and a group of stages, came from their first. */
const chainOf = (error: unknown, known: ReadonlyArray<unknown> | undefined): ReadonlyArray<unknown> => {
  if (isList(error)) return [error, ...thrownValue.linksOf(propertyOf(error, 0), maxLinks)]
  const links = known === undefined || known.length > maxLinks ? thrownValue.linksOf(error, maxLinks) : known
  const last = links.at(-1)
  if (textOf(last, "_tag") !== "StageGroupError") return links
  const first = leavesOf(Cause.fail(last))[0]?.error
  return first === last ? links : [...links, ...thrownValue.linksOf(first, maxLinks)]
}

// They say no more than that there is another error inside.
const isWrapper = (error: unknown): boolean =>
  isList(error) ||
  thrownValue.isFiberFailure(error) ||
  (wrapperTags.has(textOf(error, "_tag") ?? "") && thrownValue.causeOf(error) !== undefined)

const isList = (error: unknown): boolean => attempt(() => Array.isArray(error) && error.some(isErrorLike), false)

const wrapperTags = new Set(["UnknownException", "SqlError"])

interface Verdict {
  readonly code: ErrorCode
  readonly retryable: boolean
}

const verdict = (code: ErrorCode, retryable: boolean = retryableCodes.has(code)): Verdict => ({ code, retryable })

const retryableCodes: ReadonlySet<ErrorCode> = new Set(["TIMEOUT", "CIRCUIT_OPEN", "RATE_LIMITED", "UNAVAILABLE"])

const verdictOf = (links: ReadonlyArray<unknown>): Verdict => {
  for (const link of links) {
    const found = attempt(() => ofLink(link), undefined)
    if (found !== undefined) return found
  }
  return verdict("UNKNOWN")
}

/** The most exact teller first: a code, then a status, then what a name suggests. */
const ofLink = (error: unknown): Verdict | undefined => {
  const code = textOf(error, "code")
  return (
    (code === undefined ? undefined : ofCode(code)) ??
    ofStatus(statusOf(error)) ??
    ofReason(error) ??
    ofName(textOf(error, "_tag")) ??
    (isErrorLike(error) ? ofName(textOf(error, "name")) : undefined) ??
    ofName(code)
  )
}

const statusOf = (error: unknown): unknown =>
  [
    propertyOf(error, "status"),
    propertyOf(error, "statusCode"),
    propertyOf(propertyOf(error, "response"), "status"),
    propertyOf(propertyOf(error, "response"), "statusCode")
  ].find((status) => typeof status === "number")

const ofStatus = (status: unknown): Verdict | undefined => {
  if (typeof status !== "number" || !Number.isInteger(status) || status < 400 || status > 599) return undefined
  const known = statuses.get(status)
  return known ?? verdict(status < 500 ? "INVALID_INPUT" : "UNAVAILABLE")
}

const statuses: ReadonlyMap<number, Verdict> = new Map([
  [401, verdict("UNAUTHORIZED")],
  [403, verdict("UNAUTHORIZED")],
  [407, verdict("UNAUTHORIZED")],
  [451, verdict("UNAUTHORIZED")],
  [404, verdict("NOT_FOUND")],
  [410, verdict("NOT_FOUND")],
  [408, verdict("TIMEOUT")],
  [504, verdict("TIMEOUT")],
  [409, verdict("CONFLICT")],
  [412, verdict("CONFLICT")],
  [423, verdict("CONFLICT", true)],
  [425, verdict("UNAVAILABLE")],
  [429, verdict("RATE_LIMITED")],
  [499, verdict("CANCELLED")],
  [501, verdict("UNAVAILABLE", false)],
  [505, verdict("UNAVAILABLE", false)]
])

/** The reasons of `@effect/platform`'s errors. */
const ofReason = (error: unknown): Verdict | undefined => {
  const tag = textOf(error, "_tag")
  const reasons =
    tag === "SystemError" ? systemReasons : tag === "RequestError" || tag === "ResponseError" ? httpReasons : undefined
  return reasons?.get(propertyOf(error, "reason"))
}

const systemReasons: ReadonlyMap<unknown, Verdict> = new Map([
  ["AlreadyExists", verdict("CONFLICT")],
  ["Busy", verdict("UNAVAILABLE")],
  ["WouldBlock", verdict("UNAVAILABLE")],
  ["NotFound", verdict("NOT_FOUND")],
  ["PermissionDenied", verdict("UNAUTHORIZED")],
  ["TimedOut", verdict("TIMEOUT")],
  ["InvalidData", verdict("INVALID_INPUT")]
])

const httpReasons: ReadonlyMap<unknown, Verdict> = new Map([
  ["InvalidUrl", verdict("INVALID_INPUT")],
  ["Encode", verdict("INVALID_INPUT")],
  ["Decode", verdict("INVALID_INPUT")],
  ["EmptyBody", verdict("INVALID_INPUT")]
])

const ofCode = (code: string): Verdict | undefined =>
  codes.get(code) ?? ofSqlite(code) ?? (/^\d[\dA-Z]{4}$/.test(code) ? ofSqlState(code) : undefined)

const codes: ReadonlyMap<string, Verdict> = new Map(
  Object.entries({
    TIMEOUT:
      "P1002 P1008 P2024 ETIMEDOUT ESOCKETTIMEDOUT ETIME UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT ER_LOCK_WAIT_TIMEOUT",
    NOT_FOUND: "P2001 P2015 P2018 P2021 P2022 P2025 ENOENT ENODEV ESRCH ER_NO_SUCH_TABLE ER_BAD_FIELD_ERROR",
    UNAUTHORIZED: "P1000 P1010 EACCES EPERM EROFS ER_ACCESS_DENIED_ERROR ERR_ACCESS_DENIED",
    CONFLICT:
      "P2002 P2003 P2014 EEXIST ENOTEMPTY EADDRINUSE ER_DUP_ENTRY ER_NO_REFERENCED_ROW_2 ER_ROW_IS_REFERENCED_2",
    INVALID_INPUT:
      "P2000 P2005 P2006 P2007 P2009 P2011 P2012 P2013 P2019 P2020 EINVAL EISDIR ENOTDIR ENAMETOOLONG E2BIG EDOM ERANGE EILSEQ ER_BAD_NULL_ERROR ER_DATA_TOO_LONG",
    UNAVAILABLE:
      "P1001 P1017 P2037 ECONNREFUSED ECONNRESET ECONNABORTED EPIPE ENOTFOUND EAI_AGAIN EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN ENOTCONN EBUSY EAGAIN EMFILE ENFILE ENOMEM UND_ERR_SOCKET ERR_STREAM_PREMATURE_CLOSE ERR_SOCKET_CLOSED ERR_SOCKET_CONNECTION_TIMEOUT",
    CANCELLED: "ECANCELED ABORT_ERR UND_ERR_ABORTED"
  } satisfies { readonly [code in ErrorCode]?: string })
    .flatMap(([code, names]) => names.split(" ").map((name): [string, Verdict] => [name, verdict(code as ErrorCode)]))
    .concat([
      ["ENOSPC", verdict("UNAVAILABLE", false)],
      ["EDQUOT", verdict("UNAVAILABLE", false)],
      ["ER_LOCK_DEADLOCK", verdict("CONFLICT", true)],
      ["P2034", verdict("CONFLICT", true)],
      // Who answers cannot prove who it is.
      ...[
        "CERT_HAS_EXPIRED",
        "CERT_NOT_YET_VALID",
        "CERT_REVOKED",
        "CERT_UNTRUSTED",
        "CERT_REJECTED",
        "ERR_TLS_CERT_ALTNAME_INVALID",
        "DEPTH_ZERO_SELF_SIGNED_CERT",
        "SELF_SIGNED_CERT_IN_CHAIN",
        "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        "UNABLE_TO_GET_ISSUER_CERT",
        "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"
      ].map((name): [string, Verdict] => [name, verdict("UNAUTHORIZED")])
    ])
)

/** By primary code; of the constraints, those on one row's own values are bad input. */
const ofSqlite = (code: string): Verdict | undefined => {
  const [, primary, extended] = /^SQLITE_([A-Z]+)(?:_(\w+))?$/.exec(code) ?? []
  switch (primary) {
    case "CONSTRAINT":
      return verdict(
        extended === "NOTNULL" || extended === "CHECK" || extended === "DATATYPE" ? "INVALID_INPUT" : "CONFLICT"
      )
    case "BUSY":
    case "LOCKED":
    case "PROTOCOL":
      return verdict("UNAVAILABLE")
    case "FULL":
    case "CANTOPEN":
    case "IOERR":
      return verdict("UNAVAILABLE", false)
    case "READONLY":
    case "PERM":
    case "AUTH":
      return verdict("UNAUTHORIZED")
    case "MISMATCH":
    case "RANGE":
    case "TOOBIG":
      return verdict("INVALID_INPUT")
    case "INTERRUPT":
    case "ABORT":
      return verdict("CANCELLED")
    default:
      return undefined
  }
}

/** By code, else by class: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const ofSqlState = (code: string): Verdict | undefined => sqlStates.get(code) ?? sqlStates.get(code.slice(0, 2))

const sqlStates: ReadonlyMap<string, Verdict> = new Map([
  ["08", verdict("UNAVAILABLE")],
  ["22", verdict("INVALID_INPUT")],
  ["23", verdict("CONFLICT")],
  ["23502", verdict("INVALID_INPUT")],
  ["23514", verdict("INVALID_INPUT")],
  ["28", verdict("UNAUTHORIZED")],
  ["3D", verdict("NOT_FOUND")],
  ["40", verdict("CONFLICT", true)],
  ["42501", verdict("UNAUTHORIZED")],
  ["42P01", verdict("NOT_FOUND")],
  ["42703", verdict("NOT_FOUND")],
  ["42601", verdict("INVALID_INPUT")],
  ["53", verdict("UNAVAILABLE")],
  ["53100", verdict("UNAVAILABLE", false)],
  ["55P03", verdict("CONFLICT", true)],
  ["57014", verdict("CANCELLED")],
  ["57", verdict("UNAVAILABLE")]
])

const ofName = (name: string | undefined): Verdict | undefined => {
  if (name === undefined || name.length > 100) return undefined
  const words = name.replace(/[^A-Za-z]/g, "").toLowerCase()
  const found = names.find(([pattern]) => pattern.test(words))
  return found === undefined ? undefined : verdict(found[1])
}

// In order: `InvalidCredentials` is about who asks, `ConnectionTimeout` about time.
const names: ReadonlyArray<readonly [RegExp, ErrorCode]> = [
  [/circuit|brokenbreaker|breakeropen/, "CIRCUIT_OPEN"],
  [/ratelimit|toomanyrequests|throttl|quotaexceeded/, "RATE_LIMITED"],
  [/timeout|timedout|deadlineexceeded/, "TIMEOUT"],
  [/cancel|^abort|aborted|interrupt/, "CANCELLED"],
  [
    /unauthori[sz]ed|unauthenticated|authenticationerror|authorizationerror|forbidden|accessdenied|permissiondenied|(?:credential|token|session|password)s?(?:invalid|expired)|(?:invalid|expired|bad|wrong)(?:credential|token|session|password)/,
    "UNAUTHORIZED"
  ],
  [/notfound|nosuch|doesnotexist|missingentity/, "NOT_FOUND"],
  [/conflict|duplicate|alreadyexist|uniqueviolation|uniqueconstraint|optimisticlock/, "CONFLICT"],
  [
    /unavailable|unreachable|disconnected|connection(?:error|refused|reset|lost|failed|closed)|^networkerror/,
    "UNAVAILABLE"
  ],
  [
    /invalid|validation|malformed|badrequest|badargument|illegalargument|parseerror|decodeerror|zoderror|valierror|configerror|^syntaxerror$|^urierror$|unprocessable/,
    "INVALID_INPUT"
  ]
]
