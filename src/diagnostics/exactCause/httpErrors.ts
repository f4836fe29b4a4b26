/**
 * The exact cause of a request that failed: one that was sent, or one that came in.
 */
import { safeUrl } from "../../cause/fieldText.js"
import * as PlainValue from "../../plain/PlainValue.js"
import { propertyOf, textOf } from "../../plain/untrusted.js"
import { tellingLine } from "./plainSentence.js"
import type { Inside } from "./severalErrors.js"

const tagged = (error: unknown, tag: string): boolean => propertyOf(error, "_tag") === tag

const requestOf = (error: unknown): string | undefined => {
  const request = propertyOf(error, "request")
  const method = textOf(request, "method")
  if (method === undefined) return undefined
  return `${PlainValue.clip(method, 20)} ${PlainValue.clip(safeUrl(textOf(request, "url") ?? ""), 200)}`
}

const becauseOf = (error: unknown, inside: Inside): string => {
  const cause = propertyOf(error, "cause")
  const said = cause === undefined || cause === null ? undefined : inside(cause)
  const why = said ?? textOf(error, "description")
  return why === undefined ? "" : `: ${tellingLine(why)}`
}

/** Of `@effect/platform`'s server: the request is one that another program sent. */
export const explainServerError = (error: unknown, inside: Inside): string | undefined => {
  if (propertyOf(error, serverErrorTypeId) === undefined) return undefined
  const asked = requestOf(error)
  if (asked === undefined) return undefined
  if (tagged(error, "RouteNotFound")) return `no route answers ${asked}`
  const because = becauseOf(error, inside)
  if (tagged(error, "ResponseError")) return `the response to ${asked} could not be sent${because}`
  if (!tagged(error, "RequestError")) return undefined
  return propertyOf(error, "reason") === "Decode"
    ? `the body of the request ${asked} could not be decoded${because}`
    : `the request ${asked} could not be read${because}`
}

const serverErrorTypeId = Symbol.for("@effect/platform/HttpServerError")

export const explainClientError = (error: unknown, inside: Inside): string | undefined => {
  const asked = requestOf(error)
  if (asked === undefined || !(tagged(error, "ResponseError") || tagged(error, "RequestError"))) return undefined
  const because = becauseOf(error, inside)
  const status = statusOf(propertyOf(propertyOf(error, "response"), "status"))
  switch (propertyOf(error, "reason")) {
    case "InvalidUrl":
      return `${asked} could not be sent: the URL is not valid`
    case "Encode":
      return `${asked} could not be sent, as its body cannot be encoded${because}`
    case "Transport":
      return `${asked} got no answer${because}`
    case "StatusCode":
      return `${asked} was answered with ${status}`
    case "Decode":
      return `${asked} was answered with ${status}, but the body could not be decoded${because}`
    case "EmptyBody":
      return `${asked} was answered with ${status}, but the body is empty`
    default:
      return undefined
  }
}

export const explainBodyError = (error: unknown, inside: Inside): string | undefined => {
  if (!tagged(error, "HttpBodyError")) return undefined
  const said = inside(propertyOf(propertyOf(error, "reason"), "error"))
  return `the body of a request could not be encoded${said === undefined ? "" : `: ${said}`}`
}

const reasons: ReadonlyMap<unknown, string> = new Map(
  Object.entries({
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout"
  }).map(([status, reason]) => [Number(status), reason])
)

const statusOf = (status: unknown): string => {
  if (typeof status !== "number") return "an unknown status"
  const reason = reasons.get(status)
  return reason === undefined ? String(status) : `${status} ${reason}`
}
