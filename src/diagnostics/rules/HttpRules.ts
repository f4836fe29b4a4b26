/**
 * What a server's answer says that was not the one hoped for.
 */
import type { Clues, Rule } from "./Rule.js"

const answer = ["method", "url", "status", "retryAfter"]

const status = (
  id: string,
  statuses: ReadonlyArray<number | "4xx" | "5xx">,
  when: string,
  hint: string,
  detail?: Rule["detail"]
): Rule => ({
  id,
  when,
  match: { statuses },
  fits: isAnswer,
  hint,
  evidence: answer,
  ...(detail === undefined ? {} : { detail })
})

/** A status may be the program's own, of a server that is about to answer with it. */
const isAnswer = ({ errors, text }: Clues): boolean =>
  ["url", "method", "contentType", "retryAfter"].some((name) => text(name) !== undefined) ||
  errors.some(({ type }) => clientErrors.has(type))

const clientErrors = new Set(["ResponseError", "AxiosError", "FetchError", "HTTPError", "APIError"])

const reason =
  (...reasons: ReadonlyArray<string>) =>
  ({ text }: Clues): boolean =>
    reasons.includes(text("reason") ?? "") && text("method") !== undefined

const wait = ({ number, text }: Clues): string | undefined => {
  const after = text("retryAfter") ?? number("retryAfter")
  return after === undefined
    ? undefined
    : `The server asks to wait ${/^\d+$/.test(String(after)) ? `${after} seconds` : `until ${after}`}.`
}

export const httpRules: ReadonlyArray<Rule> = [
  {
    id: "http-error-decoded",
    when: "An error answer was decoded as if it were the answer asked for.",
    match: { types: ["ResponseError"] },
    fits: (clues) => reason("Decode", "EmptyBody")(clues) && (clues.number("status") ?? 0) >= 400,
    hint: "Look at the status first: `HttpClient.filterStatusOk` fails with it before the body is read. Why the server answered so, its log says.",
    evidence: [...answer, "contentType"]
  },
  {
    id: "http-body-undecodable",
    when: "The body of an answer is not what it was read as.",
    match: { types: ["ResponseError"] },
    fits: reason("Decode"),
    hint: "Check what the server sends at that address: its content type, and the first characters of the body.",
    detail: ({ text }) => {
      const type = text("contentType")
      return type === undefined || /json/.test(type) ? undefined : `It was sent as ${type}.`
    },
    evidence: [...answer, "contentType", "reason"]
  },
  {
    id: "http-body-empty",
    when: "An answer has no body.",
    match: { types: ["ResponseError"] },
    fits: reason("EmptyBody"),
    hint: "Do not read a body where the server sends none (status 204, or `HEAD`).",
    evidence: answer
  },
  {
    id: "http-body-unencodable",
    when: "The body of a request could not be encoded.",
    match: { types: ["HttpBodyError", "RequestError"] },
    fits: (clues) => reason("Encode")(clues) || clues.errors.some(({ type }) => type === "HttpBodyError"),
    hint: "Encode the value with its Schema (`HttpBody.jsonSchema`), so that only what JSON can hold is sent."
  },
  status(
    "http-unauthorized",
    [401],
    "The server does not know who asks.",
    "Send valid credentials: check that the key or token is set in this environment, has not expired, and goes into the header the server reads."
  ),
  status(
    "http-forbidden",
    [403],
    "The server knows who asks, and refuses.",
    "Give that account or key the right to do this; signing in again does not help."
  ),
  status(
    "http-not-found",
    [404],
    "There is nothing at that address.",
    "Check host, path and ids of the URL. Many servers also say this of what the caller may not see."
  ),
  status(
    "http-method-not-allowed",
    [405],
    "The address does not take that method.",
    "Use a method it takes; its `Allow` header lists them. A redirect may have turned a POST into a GET."
  ),
  status(
    "http-proxy-login",
    [407],
    "A proxy wants credentials.",
    "Give the proxy's credentials in its URL, or go round it with `NO_PROXY`."
  ),
  status(
    "http-conflict",
    [409, 412],
    "What was to be changed has changed meanwhile, or is there already.",
    "Read its current state, and decide again."
  ),
  status(
    "http-gone",
    [410],
    "What was there has been removed for good.",
    "Use what replaced it, and do not ask for it again."
  ),
  status(
    "http-too-large",
    [413],
    "The request is too large for the server.",
    "Send less at once, in parts, or raise the server's limit. A proxy in between has one of its own."
  ),
  status(
    "http-media-type",
    [415],
    "The server does not read that content type.",
    "Set `Content-Type` to what the body is, and the server expects."
  ),
  status(
    "rate-limited",
    [429],
    "The server takes no more requests from here for now.",
    "Ask less often: bound concurrency, and retry with a growing delay.",
    wait
  ),
  status(
    "http-request-timeout",
    [408],
    "The server waited in vain for the whole request.",
    "Try again; where it keeps happening, send less at once."
  ),
  status(
    "http-invalid",
    [400, 422],
    "The server does not accept what was sent.",
    "The body of the answer mostly says which field it is about: log it, and correct the request. Sending the same again does not help."
  ),
  status(
    "http-overloaded",
    [503],
    "The server cannot answer for now.",
    "Try again with a growing delay; if it stays, the service is down or overloaded.",
    wait
  ),
  status(
    "http-gateway",
    [502, 504],
    "A server in between got no answer from the one behind it.",
    "Look at the service behind it: it is down, restarting, or slower than the one in between waits."
  ),
  status(
    "http-not-implemented",
    [501],
    "The server cannot do this at all.",
    "Use another method or version of the API."
  ),
  status(
    "http-server-error",
    [500, "5xx"],
    "The server failed on its own account.",
    "Its log says why, at this time and for this request; try again only if the request may be done twice."
  ),
  status("http-refused", ["4xx"], "The server refused the request.", "The body of the answer mostly says why.")
]
