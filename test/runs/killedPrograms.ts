/**
 * Programs that write runs and are killed, and what has to be left of that.
 */
import { spawn } from "node:child_process"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { bundled } from "../fixtures/compiled.js"
import type { Place } from "./runPlaces.js"

/** Runs the fixture, and kills it so long after its first accepted write. What it said was accepted. */
export const killed = (
  baseDir: string,
  millis: number,
  mode: "endless" | "open" = "endless",
  url?: string
): Effect.Effect<ReadonlyArray<string>> =>
  Effect.flatMap(bundled("test/fixtures/runProgram.ts"), (program) =>
    Effect.async((resume) => {
      const child = spawn(process.execPath, [program, baseDir, mode, ...(url === undefined ? [] : [url])], {
        stdio: ["ignore", "pipe", "ignore"]
      })
      let said = ""
      child.stdout.on("data", (data) => {
        if (said === "") setTimeout(() => child.kill("SIGKILL"), millis)
        said += data
      })
      child.once("close", () => {
        const lines = said.split("\n")
        // The last line may have been cut.
        resume(Effect.succeed(lines.slice(0, -1)))
      })
      return Effect.sync(() => child.kill("SIGKILL"))
    })
  )

const textsOf = (rows: ReadonlyArray<Readonly<Record<string, unknown>>>, column: string) =>
  rows.map((row) => String(row[column]))

export const ofKind = (kind: string, said: ReadonlyArray<string>) =>
  said.flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : []))

/** Whether the database has what was said to be accepted, once. */
export const assertKept = ({ database, rowsOf }: Pick<Place, "database" | "rowsOf">, said: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    assert.isNotEmpty(ofKind("start", said))
    if (!database.startsWith("postgres:")) {
      assert.deepStrictEqual(yield* rowsOf("PRAGMA integrity_check"), [{ integrity_check: "ok" }])
    }
    const runs = new Set(textsOf(yield* rowsOf("SELECT event_id FROM agent_runs"), "event_id"))
    const lost = (ids: ReadonlyArray<string>, kept: ReadonlySet<string>) => ids.filter((id) => !kept.has(id))
    assert.deepStrictEqual(lost(ofKind("start", said), runs), [], "starts that are lost")
    const ended =
      "SELECT event_id FROM agent_runs WHERE status = 'success' AND end_time IS NOT NULL AND items_succeeded > 0"
    const ends = new Set(textsOf(yield* rowsOf(ended), "event_id"))
    assert.deepStrictEqual(lost(ofKind("end", said), ends), [], "ends that are lost")
    const steps = textsOf(yield* rowsOf("SELECT payload_json FROM run_events"), "payload_json").map((payload) =>
      String(JSON.parse(payload).step)
    )
    assert.deepStrictEqual(lost(ofKind("event", said), new Set(steps)), [], "events that are lost")
    assert.lengthOf(steps, new Set(steps).size)
  })
