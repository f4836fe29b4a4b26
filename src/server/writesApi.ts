/**
 * What other machines send of their runs: the lines of their outboxes, each once, and the events of a run back.
 *
 * Unlike a `POST` or `PATCH` of a run, a line has the revision that it was written with: it may come late, twice, or behind a
 * later one.
 */
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { Embedded } from "../runs/embedded.js"
import * as journalLine from "../runs/journalLine.js"
import { RunEvent } from "../runs/RunRecord.js"
import * as revision from "../runs/revision.js"
import * as runId from "../runs/runId.js"
import * as runReader from "../runs/runReader.js"
import { invalid, json, Refusal } from "./answers.js"
import { unavailable } from "./runWrites.js"

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, Refusal>

export interface WritesApi {
  readonly write: (body: unknown, most: number) => Answer
  readonly events: (query: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>) => Answer
}

/** Lines that are written at a time; they share writes to the disk. */
const concurrency = 64

const encodeEvent = Schema.encodeSync(RunEvent)

/** @internal */
export const make = ({ sink, store }: Embedded): WritesApi => ({
  write: (body, most) =>
    Effect.gen(function* () {
      if (!Array.isArray(body)) {
        return yield* invalid([{ loc: ["body"], msg: "takes a list of writes", type: "type_error" }])
      }
      if (body.length > most) {
        return yield* new Refusal({ status: 413, detail: `a body takes at most ${most} writes` })
      }
      const read = body.map(writeOf)
      yield* Effect.forEach(
        read.flatMap((one) => (typeof one === "string" ? [] : [one])),
        (write) => Effect.uninterruptible(sink.write(write)),
        { concurrency, discard: true }
      ).pipe(
        Effect.mapError(
          (error) => new Refusal({ status: 503, detail: `the writes could not be kept: ${error.message}` })
        )
      )
      const errors = read.flatMap((one, index) => (typeof one === "string" ? [{ index, detail: one }] : []))
      return json({ accepted: body.length - errors.length, errors, total: body.length })
    }),
  events: (query) =>
    Effect.gen(function* () {
      const id = query["run_id"]
      if (typeof id !== "string") {
        return yield* invalid([{ loc: ["query", "run_id"], msg: "is required, once", type: "missing" }])
      }
      yield* unavailable(store.catchUp)
      const events = yield* unavailable(store.use((sql) => runReader.events(sql, id)))
      return json(events.map((event) => encodeEvent(event)))
    })
})

/** The write that was sent, or what is wrong with it. */
const writeOf = (given: unknown): journalLine.Write | string => {
  if (!Predicate.isRecord(given)) return "takes an object"
  const [write] = journalLine.decode(JSON.stringify(given), 0)
  if (write === undefined || write.record_type === "unread") return "takes what a line of a journal says"
  if (write.record_type === "commit") return write
  if (write.record_type === "event")
    return runId.faultOf(write.id) === undefined ? write : "id takes the id of an event"
  if (!revision.isRevision(given["revision"])) return "revision takes the revision of a line"
  const { run_id: run = write.event_id } = write.changes
  const fault = [write.event_id, run].map(runId.faultOf).find((one) => one !== undefined)
  return fault === undefined ? write : "event_id and run_id take texts of at most 255 characters without /, \\ and NUL"
}
