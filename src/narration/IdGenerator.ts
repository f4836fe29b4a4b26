/**
 * Where the ids of stories come from.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

const digits = Buffer.from("0123456789abcdef")
/** The id made last: the next one is written over it. */
const id = Buffer.from("00000000-0000-7000-8000-000000000000")

/** Random bytes, one of each digit, of the next 128 ids: asking the system for those of each id takes most of its time. */
const random = new Uint8Array(20 * 128)
let used = random.length

const put = (at: number, digit: number): void => {
  id[at] = digits[digit & 15] ?? 0
}

/** A UUIDv7, written out: the package that makes them is heavier than what it does here. @internal */
export const uuid = (timestamp: number): string => {
  if (used === random.length) {
    crypto.getRandomValues(random)
    used = 0
  }
  const time = Math.max(0, Math.floor(timestamp) || 0)
  let high = Math.floor(time / 65_536)
  for (let at = 7; at >= 0; at--, high >>>= 4) put(at, high)
  for (let at = 12, low = time & 65_535; at > 8; at--, low >>>= 4) put(at, low)
  // Behind the digit of the version; none of the dashes.
  for (let at = 15; at < 36; at++) if (at !== 18 && at !== 23) put(at, random[used++] ?? 0)
  put(19, 8 | ((random[used++] ?? 0) & 3))
  return id.toString("latin1")
}

/**
 * Makes the id of each story: by default a UUIDv7, so that ids sort by the time their story began. Provide another one
 * to fix ids in a test.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { IdGenerator } from "effect-narrative"
 *
 * let next = 0
 *
 * export const withCountedIds = Effect.provideService(IdGenerator.IdGenerator, { next: () => `story-${next++}` })
 * ```
 *
 * @since 0.1.0
 * @category services
 */
export class IdGenerator extends Context.Reference<IdGenerator>()("effect-narrative/IdGenerator", {
  defaultValue: (): {
    /** A new id for a story that begins at `timestamp`, in milliseconds since the epoch. */
    readonly next: (timestamp: number) => string
  } => ({ next: uuid })
}) {}
