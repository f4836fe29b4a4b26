/**
 * Where the ids of stories come from.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/** Digits of one id that chance decides, and ids made of one question: asking the system for each takes most of its time. */
const randomDigits = 20
const idsAtOnce = 128

let digits = ""
let used = 0

const random = (): string => {
  if (used === digits.length) {
    digits = Buffer.from(crypto.getRandomValues(new Uint8Array((randomDigits / 2) * idsAtOnce))).toString("hex")
    used = 0
  }
  used += randomDigits
  return digits.slice(used - randomDigits, used)
}

/** A UUIDv7, written out: the package that makes them is heavier than what it does here. @internal */
export const uuid = (timestamp: number): string => {
  const chance = random()
  const hex = Math.max(0, Math.floor(timestamp) || 0).toString(16)
  const time = hex.padStart(12, "0").slice(-12)
  const variant = "89ab".charAt(Number.parseInt(chance.charAt(3), 16) % 4)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${chance.slice(0, 3)}-${variant}${chance.slice(4, 7)}-${chance.slice(7, 19)}`
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
