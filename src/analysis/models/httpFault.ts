/**
 * What a server's status and error body say about a question that got no answer.
 */
import * as Predicate from "effect/Predicate"
import type { AnalyzerErrorReason } from "../AnalyzerError.js"

export const reasonOf = (status: number): AnalyzerErrorReason => {
  if (status === 401 || status === 403) return "Unauthorized"
  if (status === 404) return "NotFound"
  return status === 429 ? "RateLimited" : "Refused"
}

/** An error as the body of an answer has it, whatever the status. */
export interface BodyError {
  readonly message: string
  /** The status in the body itself. */
  readonly status: number | undefined
  readonly reason: AnalyzerErrorReason
}

/**
 * `{ error: "…" }` (Ollama), `{ error: { message, type, code } }` (OpenAI, Anthropic), the same in a list (Gemini), and
 * with `always`, for a status that says there is an error, also `{ message }` and `{ detail }`.
 */
export const errorInBody = (body: unknown, always: boolean): BodyError | undefined => {
  const object = Array.isArray(body) ? body[0] : body
  if (!Predicate.isReadonlyRecord(object)) return undefined
  const { error } = object
  if (typeof error === "string" && error !== "") return errorOf(error, undefined, undefined)
  if (Predicate.isReadonlyRecord(error)) return errorOf(error["message"], error["code"], error["type"])
  if (object["object"] === "error") return errorOf(object["message"], object["code"], object["type"])
  if (!always) return undefined
  const { detail, message } = object
  return errorOf(Array.isArray(detail) ? detail[0]?.msg : (detail ?? message), undefined, undefined)
}

const errorOf = (message: unknown, code: unknown, type: unknown): BodyError => {
  const status = Number(code)
  const isStatus = Number.isInteger(status) && status >= 400 && status < 600
  const kind = `${String(type)} ${String(code)}`
  const known = kinds.find(({ pattern }) => pattern.test(kind))
  return {
    message: typeof message === "string" ? message : typeof type === "string" ? type : "",
    status: isStatus ? status : known?.status,
    reason: isStatus ? reasonOf(status) : (known?.reason ?? "Refused")
  }
}

const kinds: ReadonlyArray<{
  readonly pattern: RegExp
  readonly reason: AnalyzerErrorReason
  readonly status: number | undefined
}> = [
  { pattern: /authentication|permission|api_key|unauthorized/i, reason: "Unauthorized", status: undefined },
  { pattern: /not_found/i, reason: "NotFound", status: undefined },
  { pattern: /rate_limit|quota/i, reason: "RateLimited", status: undefined },
  { pattern: /overloaded/i, reason: "Refused", status: 529 },
  { pattern: /api_error|server_error/i, reason: "Refused", status: 500 }
]
