/**
 * Everything that can happen in a story, and how it is written on a line of JSON.
 *
 * An event is a plain, immutable, JSON-safe object: attributes are copied when they are given, so a renderer may keep
 * an event as long as it likes. On the wire (`toWire`) keys are in snake_case, every field is present, the tag is
 * `event`, and times are UTC ISO-8601; `fromWire` reads it back.
 *
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import type { ParseError } from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { json } from "../plain/wireSchema.js"
import { NarrativeEvent } from "./anyEvent.js"
import * as wire from "./wire.js"

export * from "./anyEvent.js"
export * from "./stageEvents.js"
export * from "./storyEvents.js"

/**
 * The event as one line of JSON, without a line break.
 *
 * @since 0.1.0
 * @category encoding
 */
export const toWire: (event: NarrativeEvent) => string = wire.encode

/**
 * Reads one line of JSON back into the event it was written from.
 *
 * @since 0.1.0
 * @category decoding
 */
export const fromWire: (line: string) => Either.Either<NarrativeEvent, ParseError> = Schema.decodeEither(
  json(NarrativeEvent)
)
