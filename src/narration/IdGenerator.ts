/**
 * Where the ids of stories come from.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import { uuid } from "../plain/ids.js"

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
