/**
 * `narrative runs recover`, `backup` and `restore`.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { InvalidOption } from "../plain/InvalidOption.js"
import { bytes } from "../runs/checkup.js"
import type { Places } from "../runs/embedded.js"
import * as recovery from "../runs/recovery.js"
import { Output, writeJson } from "./output.js"

export interface RecoveryOptions {
  readonly target: Option.Option<string>
  readonly output: Option.Option<string>
  readonly keep: Option.Option<number>
  readonly json: boolean
}

const runsOf = (count: number): string => `${count} ${count === 1 ? "run" : "runs"}`

export const recover = (places: Places, { json }: RecoveryOptions) =>
  Effect.gen(function* () {
    const recovered = yield* recovery.recover(places)
    if (json) return yield* writeJson(recovered)
    const { moved, reason, runs, salvaged, stories, was } = recovered
    const { note, write } = yield* Output
    if (was === "sound") {
      return yield* write(`The database is sound. It has ${runsOf(runs)}, with all that the journal says\n`)
    }
    if (moved !== null) yield* note(`The database ${reason}. It is now ${moved}`)
    const more = salvaged === 0 ? "" : `, ${salvaged} of them also from the broken database`
    yield* write(`Put ${runsOf(runs)} together from the journal${more}\n`)
    if (stories > 0)
      yield* write(`Took ${stories} ${stories === 1 ? "story" : "stories"} over from the broken database\n`)
    else if (moved !== null)
      yield* note("Stories and stages are not in the journal; those of the broken database could not be read")
  })

/** Most backups that stay. */
const usualKeep = 7

export const backup = (places: Places, { json, keep, output }: RecoveryOptions) =>
  Effect.gen(function* () {
    const most = Option.getOrElse(keep, () => usualKeep)
    if (most < 1) return yield* new InvalidOption({ setting: "--keep", expected: "a whole number of 1 or more" })
    const made = yield* recovery.backup(places, Option.getOrUndefined(output), most)
    if (json) return yield* writeJson(made)
    const { write } = yield* Output
    const gone = made.removed.length === 0 ? "" : `; deleted ${made.removed.join(", ")}`
    return yield* write(`Wrote ${runsOf(made.runs)} to ${made.file} (${bytes(made.bytes)}), and checked it${gone}\n`)
  })

export const restore = (places: Places, { json, target }: RecoveryOptions) =>
  Effect.gen(function* () {
    const restored = yield* recovery.restore(
      places,
      Option.getOrElse(target, () => "")
    )
    if (json) return yield* writeJson(restored)
    const { note, write } = yield* Output
    if (restored.previous !== null) yield* note(`What was there before is in ${restored.previous}`)
    return yield* write(`Restored. The database has ${runsOf(restored.runs)}, with all that the journal says\n`)
  })
