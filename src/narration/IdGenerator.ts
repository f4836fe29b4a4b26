/**
 * Where the ids of stories come from.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import { v7 } from "uuid"

/** Bytes of one id. */
const idBytes = 16

/** Random bytes of the next ids: asking the system for those of each id takes most of the time that an id does. */
const pool = new Uint8Array(idBytes * 128)
const parts = Array.from({ length: 128 }, (_, i) => pool.subarray(i * idBytes, (i + 1) * idBytes))
let used = parts.length

const random = (): Uint8Array => {
  if (used === parts.length) {
    crypto.getRandomValues(pool)
    used = 0
  }
  return parts[used++] ?? pool
}

/** @internal */
export const uuid = (timestamp: number): string => v7({ msecs: timestamp, random: random() })

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
