/**
 * `narrative runs show`: one run in full, what happened in it, and its story with stages and failures.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as terminalText from "../plain/terminalText.js"
import * as embedded from "../runs/embedded.js"
import { RunEvent, RunRecord } from "../runs/RunRecord.js"
import * as runReader from "../runs/runReader.js"
import * as historyFile from "./historyFile.js"
import { Output, writeJson } from "./output.js"
import { found } from "./runIds.js"
import * as storyDetail from "./storyDetail.js"

export interface ShowOptions {
  readonly target: Option.Option<string>
  readonly baseDir: string
  readonly db: Option.Option<string>
  readonly json: boolean
}

const encodeRun = Schema.encodeSync(RunRecord)
const encodeEvent = Schema.encodeSync(RunEvent)

export const show = ({ store }: embedded.Embedded, given: ShowOptions) =>
  Effect.gen(function* () {
    const row = yield* found(
      store,
      Option.getOrElse(given.target, () => "")
    )
    const run = runReader.recordOf(row)
    const events = yield* store.use((sql) => runReader.events(sql, run.runId))
    const output = yield* Output
    const story = yield* storyOf(run, given)
    if (given.json) {
      const happened = events.map((event) => encodeEvent(event))
      return yield* writeJson({ ...encodeRun(run), events: happened, story: story?.onWire ?? null })
    }
    const { dim } = output.theme.colours
    const fields = Object.entries(encodeRun(run)).flatMap(([name, value]) =>
      value === null ? [] : [`${dim(name.padEnd(20))} ${terminalText.line(shown(value))}\n`]
    )
    const happened = events.map(({ payload, timestamp, type }) => {
      const time = new Date(timestamp).toISOString()
      return `${dim(time)} ${terminalText.line(`${type}${payload === null ? "" : ` ${shown(payload)}`}`)}\n`
    })
    const parts = [fields.join(""), happened.join(""), story?.text ?? ""]
    return yield* output.write(parts.filter((part) => part !== "").join("\n"))
  })

const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

/** The story that the run is, from the history in the same database. A run may have none, or one that is no longer kept. */
const storyOf = ({ storyId }: RunRecord, { baseDir, db }: ShowOptions) =>
  Effect.gen(function* () {
    if (storyId === null) return undefined
    const place = Option.getOrElse(db, () => embedded.placesIn(baseDir).database)
    const now = yield* Clock.currentTimeMillis
    return yield* historyFile.read(place, (history) => storyDetail.described(history, storyId, now))
  }).pipe(Effect.orElseSucceed(() => undefined))
