/**
 * Runs of a test: kept in memory, put together as a database has them.
 */
import * as Effect from "effect/Effect"
import type { EventWrite } from "./journalLine.js"
import type { RunSink } from "./Runs.js"
import { millisOf } from "./runColumns.js"
import * as runReader from "./runReader.js"
import * as storedRun from "./storedRun.js"

/** @internal */
export const make: Effect.Effect<RunSink> = Effect.sync(() => {
  const runs = new Map<string, storedRun.StoredRun>()
  const events: Array<EventWrite> = []
  const records = Effect.sync(() =>
    Array.from(runs.values(), (run) => runReader.fromColumns(run.eventId, storedRun.rowOf(run))).reverse()
  )
  return {
    running: (agentName) =>
      Effect.map(records, (all) =>
        all.filter((run) => run.status === "running" && (agentName === undefined || run.agentName === agentName))
      ),
    write: (write) =>
      Effect.sync(() => {
        if (write.record_type === "event") events.push(write)
        else if (write.record_type === "run") {
          const { event_id: id } = write
          runs.set(id, storedRun.apply(runs.get(id) ?? storedRun.empty(id), write))
        }
      }),
    run: (eventId) => Effect.map(records, (all) => all.find((run) => run.eventId === eventId)),
    defaults: Effect.succeed({}),
    records,
    events: (runId) =>
      Effect.sync(() =>
        events
          .filter(({ run_id }) => run_id === runId)
          .map(({ event_type: type, id, payload_json, timestamp }) => ({
            id,
            runId,
            type,
            timestamp: millisOf(timestamp) ?? 0,
            payload: runReader.jsonOf(payload_json)
          }))
      )
  }
})
