/**
 * What the Schemas of things on the wire are made of.
 */
import * as Schema from "effect/Schema"

/** A field that has another name on the wire. */
export const key = <A, I, R, Wire extends string>(schema: Schema.Schema<A, I, R>, wire: Wire) =>
  Schema.propertySignature(schema).pipe(Schema.fromKey(wire))

export const NullableText = Schema.NullOr(Schema.String)

/** UTC, in milliseconds since the epoch; on the wire ISO-8601 with `Z`. */
export const Timestamp = Schema.transform(
  Schema.String.pipe(Schema.pattern(/^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT.+Z$/)),
  Schema.JsonNumber,
  {
    strict: true,
    decode: (text) => Date.parse(text),
    encode: (millis) => new Date(millis).toISOString()
  }
)
