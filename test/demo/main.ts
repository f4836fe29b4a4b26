/**
 * Fills a fresh file with a month of runs and stories of a shop that does not exist, and opens its dashboard. A few of its
 * agents go on running for as long as it is open.
 *
 *     npm run demo
 *
 * It writes to `.narrative/demo`, or to the folder that NARRATIVE_DEMO_DIR names. `--no-open` opens no browser.
 */
import { rm } from "node:fs/promises"
import { createServer } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Console, Effect, Layer } from "effect"
import * as Dashboard from "../../src/dashboard/Dashboard.js"
import * as browser from "../../src/renderer/html/browser.js"
import { fillMonth, runNow, telemetry } from "./month.js"

const program = Effect.gen(function* () {
  const baseDir = yield* Config.string("NARRATIVE_DEMO_DIR").pipe(Config.withDefault(".narrative/demo"))
  const port = yield* Config.port("PORT").pipe(Config.withDefault(8765))
  yield* Effect.promise(() => rm(baseDir, { recursive: true, force: true }))
  yield* Console.log("A month of runs is being written. That takes about a minute …")
  const count = yield* fillMonth({ until: Date.now() }).pipe(Effect.provide(telemetry(baseDir)))
  const url = `http://127.0.0.1:${port}`
  yield* Console.log(`${count} runs are in ${baseDir}. Their dashboard is at ${url}`)
  yield* Effect.forkScoped(Effect.provide(runNow, telemetry(baseDir)))
  const server = NodeHttpServer.layer(createServer, { host: "127.0.0.1", port })
  yield* Layer.build(Layer.provide(Dashboard.layer({ baseDir }), server))
  if (!process.argv.includes("--no-open")) yield* browser.openUrl(url, process.env)
  return yield* Effect.never
})

NodeRuntime.runMain(Effect.scoped(program), { disablePrettyLogger: true })
