/**
 * The address a model is asked at: checked once, and shown without what is secret in it.
 */
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import { builtIn as redactor } from "../../redaction/builtInRedactor.js"
import { AnalyzerError } from "../AnalyzerError.js"

export interface Endpoint {
  /** Without credentials; with its query, which some servers want. */
  readonly url: string
  /** As it may be shown: without credentials, query and fragment. */
  readonly shown: string
  /** The credentials of the address, as a header. */
  readonly authorization: string | null
  /** What of it must not be shown, even if a server repeats it: its credentials, and the values of its query. */
  readonly secrets: ReadonlyArray<string>
}

/** The address, its path completed by `pathOf`. */
export const parse = (
  analyzer: string,
  given: string | URL,
  pathOf: (path: string) => string
): Either.Either<Endpoint, AnalyzerError> => {
  const text = String(given).trim()
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return Either.left(
      new AnalyzerError({
        reason: "Misconfigured",
        analyzer,
        model: null,
        endpoint: null,
        description: `endpoint is no address: "${shownAs(text)}"`,
        advice: "It takes one that begins with http:// or https://, such as http://localhost:11434"
      })
    )
  }
  const password = decoded(url.password)
  const username = decoded(url.username)
  url.username = ""
  url.password = ""
  url.hash = ""
  url.pathname = pathOf(url.pathname.replace(/\/+$/, ""))
  return Either.right({
    url: url.href,
    shown: `${url.origin}${url.pathname}`,
    authorization:
      username === "" && password === "" ? null : `Basic ${Encoding.encodeBase64(`${username}:${password}`)}`,
    // Of a part without a name, the name is the value.
    secrets: [username, password, ...Array.from(url.searchParams, ([name, value]) => value || name)]
  })
}

const decoded = (part: string): string => Either.getOrElse(Encoding.decodeUriComponent(part), () => part)

const shownAs = (text: string): string =>
  redactor
    .text(text.slice(0, 1_000).replace(/[?#].*$/s, ""))
    .replace(/^.*@/s, "")
    .slice(0, 80)
