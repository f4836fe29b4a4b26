/**
 * A server and programs that are killed at any point: every write that a program was said to be accepted is in the server's
 * database when both have started again, once.
 *
 * `NARRATIVE_KILLS=200 npx vitest run test/runs/RemoteProcesses.test.ts` kills that many.
 */
import { spawn } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Random, Schedule } from "effect"
import { Run } from "../../src/runs.js"
import { bundled } from "../fixtures/compiled.js"
import * as postgres from "../fixtures/postgres.js"
import { folder } from "../history/histories.js"
import { withWarnings } from "../renderer/rendererSuite.js"
import { databases } from "../server/serving.js"
import { assertKept, killed, ofKind } from "./killedPrograms.js"

const kills = Number(process.env["NARRATIVE_KILLS"] ?? 8)

/** A server of a folder or of the schema that a URL names, which listens until it is killed. Gives its address, and what kills it. */
const serving = (place: string, port: string) =>
  Effect.flatMap(bundled("test/fixtures/runServer.ts"), (program) =>
    Effect.acquireRelease(
      Effect.async<{ readonly url: string; readonly kill: Effect.Effect<void> }>((resume) => {
        const child = spawn(process.execPath, [program, place, port], { stdio: ["ignore", "pipe", "inherit"] })
        const kill = Effect.async<void>((ended) => {
          if (child.exitCode !== null || child.signalCode !== null) return ended(Effect.void)
          child.once("exit", () => ended(Effect.void))
          child.kill("SIGKILL")
        })
        child.stdout.once("data", (data) => resume(Effect.succeed({ url: String(data).trim(), kill })))
      }),
      ({ kill }) => kill
    )
  )

describe.each(databases(postgres.ofFile()))(
  "A server of runs $where and programs that are killed",
  ({ place, rowsOf }) => {
    /** The argument that names a place to a server. */
    const served = Effect.map(place, ({ database, options }) => ({ argument: options.baseDir ?? database, database }))

    it.scopedLive("leave runs that the next start on this machine ends, and none that lives", () =>
      Effect.gen(function* () {
        const { argument } = yield* served
        const outbox = yield* folder
        const { url } = yield* serving(argument, "0")
        const [left = ""] = ofKind("start", yield* killed(outbox, 100, "open", url))
        const layer = Run.layerRemote({ url, outbox, git: false })
        yield* Effect.gen(function* () {
          const own = yield* Run.start("alive", "job")
          const statuses = Effect.map(Run.records, (all) => all.map((run) => [run.eventId, run.status]))
          yield* Effect.repeat(statuses, {
            until: (found) => found.some(([, status]) => status === "cancelled"),
            schedule: Schedule.spaced("20 millis")
          })
          assert.sameDeepMembers(yield* statuses, [
            [left, "cancelled"],
            [own.eventId, "running"]
          ])
        }).pipe(Effect.provide(layer))
      })
    )

    it.scopedLive(
      "lose no accepted write",
      () =>
        Effect.gen(function* () {
          const { argument, database } = yield* served
          const outbox = yield* folder
          const first = yield* serving(argument, "0")
          const { url } = first
          yield* first.kill
          const { port } = new URL(url)
          const said: Array<string> = []
          for (let killedSoFar = 0; killedSoFar < kills; killedSoFar += 3) {
            const server = yield* serving(argument, port)
            const points = yield* Effect.all(Array.from({ length: 3 }, () => Random.nextIntBetween(0, 200)))
            const [a, b] = yield* Effect.all(
              [
                killed(outbox, points[0] ?? 0, "endless", url),
                killed(outbox, points[1] ?? 0, "endless", url),
                Effect.zipRight(Effect.sleep(400 + 2 * (points[2] ?? 0)), server.kill)
              ],
              { concurrency: "unbounded" }
            )
            said.push(...a, ...b)
          }
          const server = yield* serving(argument, port)
          yield* withWarnings(() =>
            Effect.gen(function* () {
              // Asks the server when all that is left in the outbox was sent.
              assert.isNotEmpty(yield* Run.records)
              assert.deepInclude(yield* Run.stats, { lost: 0 })
            }).pipe(Effect.provide(Run.layerRemote({ url, outbox, git: false })))
          )
          yield* server.kill
          yield* serving(argument, port)
          yield* Effect.promise(() => fetch(`${url}/api/v1/runs?limit=1`).then((response) => response.text()))
          yield* assertKept({ database, rowsOf: (query) => rowsOf(database, query) }, said)
          const [row] = yield* rowsOf(
            database,
            "SELECT count(*) AS events, count(DISTINCT event_key) AS keys FROM run_events"
          )
          assert.strictEqual(row?.["events"], row?.["keys"])
        }),
      600_000 + kills * 5_000
    )
  }
)
