/**
 * What the Schemas of things on the wire are made of.
 */
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

/** A field that has another name on the wire. */
export const key = <A, I, R, Wire extends string>(schema: Schema.Schema<A, I, R>, wire: Wire) =>
  Schema.propertySignature(schema).pipe(Schema.fromKey(wire))

export const NullableText = /* @__PURE__ */ Schema.NullOr(Schema.String)

/** UTC, in milliseconds since the epoch; on the wire ISO-8601 with `Z`. */
export const Timestamp = /* @__PURE__ */ Schema.transform(
  Schema.String.pipe(Schema.pattern(/^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT.+Z$/)),
  Schema.JsonNumber,
  {
    strict: true,
    decode: (text) => Date.parse(text),
    encode: (millis) => new Date(millis).toISOString()
  }
)

/** Deepest nesting of JSON that is read: far more than is ever written. */
const maxNesting = 512

/**
 * Parses JSON from an untrusted source. Throws a `SyntaxError` for what is none, and for what is nested so
 * deep that whoever walks it, if only to say what is wrong with it, would run out of stack.
 */
export const parseJson = (text: string): unknown => {
  if (isTooDeep(text)) throw new SyntaxError(`JSON nested deeper than ${maxNesting} levels`)
  return JSON.parse(text)
}

const isTooDeep = (text: string): boolean => {
  let depth = 0
  let quoted = false
  for (let i = 0; i < text.length && text.length > maxNesting; i++) {
    const code = text.charCodeAt(i)
    if (code === 34) quoted = !quoted
    else if (quoted) i += code === 92 ? 1 : 0
    else if (code === 91 || code === 123) depth += 1
    else if (code === 93 || code === 125) depth -= 1
    if (depth > maxNesting) return true
  }
  return false
}

const Json = /* @__PURE__ */ Schema.transformOrFail(Schema.String, Schema.Unknown, {
  strict: true,
  decode: (text, _, ast) =>
    ParseResult.try({
      try: () => parseJson(text),
      catch: (error) => new ParseResult.Type(ast, text, error instanceof Error ? error.message : String(error))
    }),
  encode: (value) => ParseResult.succeed(JSON.stringify(value))
})

/** The Schema of a text that is JSON of something. As `Schema.parseJson`, for what {@link parseJson} reads. */
export const json = <A, I, R>(schema: Schema.Schema<A, I, R>): Schema.Schema<A, string, R> =>
  Schema.compose(Json, schema)
