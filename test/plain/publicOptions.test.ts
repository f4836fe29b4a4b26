/**
 * What programs without types pass to the public constructors: each wrong value is an `InvalidOption` that names the
 * setting and what it takes, at once, and never an error of whatever meets the value first.
 */
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import type * as HttpClient from "@effect/platform/HttpClient"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Layer, pipe } from "effect"
import { History, HistoryRenderer } from "../../src/history/index.js"
import {
  ConsoleRenderer,
  Diagnostics,
  ErrorTracker,
  HtmlReportRenderer,
  InvalidOption,
  JsonRenderer,
  Renderer,
  RotatingJsonRenderer,
  RunLogger,
  WideEventRenderer
} from "../../src/index.js"
import { NarrativeHttp } from "../../src/integration/http/index.js"
import { RunClient } from "../../src/server/index.js"

interface Constructor {
  /** Makes what it makes of options of any type. */
  readonly make: (options: never) => unknown
  /** Options that are right. */
  readonly right: object
  /** What each setting does not take. */
  readonly wrong: { readonly [setting: string]: ReadonlyArray<unknown> }
}

const path = join(tmpdir(), "never", "written")
const texts = [null, 3, "", [], {}]
const counts = [null, "9", -1, 0.5, Number.NaN, {}]
const durations = [null, "soon", {}, true]
const flags = [null, "yes", 1, {}]
const functions = [null, "f", 1, {}]

const tracker: ErrorTracker.Service = { name: "tracker", capture: () => Effect.void }
const slow = Renderer.make("slow", () => {})

const constructors: { readonly [name: string]: Constructor } = {
  "JsonRenderer.layer": { make: JsonRenderer.layer, right: {}, wrong: { stream: [null, 3, "", {}] } },
  "JsonRenderer.layerFile": {
    make: JsonRenderer.layerFile,
    right: { path },
    wrong: { path: texts, flushInterval: durations, capacity: [...counts, 0], shutdownTimeout: durations }
  },
  "RotatingJsonRenderer.layer": {
    make: RotatingJsonRenderer.layer,
    right: { path },
    wrong: { path: texts, maxBytes: counts, backupCount: counts, daily: flags, gzip: flags, lockTimeout: durations }
  },
  "WideEventRenderer.layer": {
    make: WideEventRenderer.layer,
    right: { write: () => {} },
    wrong: { write: functions, stages: flags, stories: flags, capacity: counts, shutdownTimeout: durations }
  },
  "WideEventRenderer.layerFile": {
    make: WideEventRenderer.layerFile,
    right: { path },
    wrong: { path: texts, flushInterval: durations, capacity: counts }
  },
  "HtmlReportRenderer.layer": {
    make: HtmlReportRenderer.layer,
    right: { path },
    wrong: { path: texts, title: [null, 3], keep: [...counts, 0], openBrowser: flags, env: [null, 3, ""] }
  },
  "ConsoleRenderer.layer": {
    make: ConsoleRenderer.layer,
    right: {},
    wrong: { timestamps: flags, ids: flags, verbose: flags, logs: flags, live: flags, stream: functions, env: [3, ""] }
  },
  "Diagnostics.layer": {
    make: Diagnostics.layer,
    right: {},
    wrong: {
      mode: [null, "", "Rich", true],
      locals: ["", "all"],
      environment: [null, 3],
      allowRichInProduction: flags,
      appRoots: [null, "/app", [""], [3]],
      keepVariables: flags
    }
  },
  "ErrorTracker.layer": {
    make: (options) => ErrorTracker.layer(tracker, options),
    right: {},
    wrong: { handled: flags, ignore: functions, maxBreadcrumbs: counts, capacity: counts, shutdownTimeout: durations }
  },
  "RunLogger.layer": {
    make: (options) => RunLogger.layer(RunLogger.none, options),
    right: {},
    wrong: { roots: flags }
  },
  "Renderer.buffered": {
    make: (options) => pipe(slow, Renderer.buffered(options)),
    right: { capacity: 1, strategy: "suspend" },
    wrong: {
      capacity: [...counts, 0],
      strategy: [null, "", "block"],
      highWaterMark: [0, 2, Number.NaN, ""],
      onOverflow: functions,
      shutdownTimeout: durations
    }
  },
  "Renderer.batched": {
    make: (options) => Renderer.batched("batched", options),
    right: { size: 1, within: "1 second", handle: () => Effect.void },
    wrong: { size: [...counts, 0], within: durations, handle: functions, strategy: ["block"], capacity: counts }
  },
  "Renderer.coalesce": {
    make: (options) => pipe(slow, Renderer.coalesce(options)),
    right: { threshold: 3 },
    wrong: { threshold: [...counts, 0] }
  },
  "HistoryRenderer.layer": {
    make: HistoryRenderer.layer,
    right: { path },
    wrong: {
      path: texts,
      events: ["some"],
      batchSize: counts,
      capacity: counts,
      strategy: ["block"],
      keepDays: [0, -1]
    }
  },
  "History.layerSqlite": {
    make: History.layerSqlite,
    right: { path },
    wrong: { path: texts, readonly: flags }
  },
  "NarrativeHttp.middleware": {
    make: NarrativeHttp.middleware,
    right: {},
    wrong: { routes: [null, 3, "GET /"], naming: functions, skip: functions, trustHeaders: flags }
  },
  "NarrativeHttp.client": {
    make: NarrativeHttp.client,
    right: {},
    wrong: { propagateTo: [null, "https://a.example", 3], naming: functions }
  },
  "RunClient.make": {
    make: RunClient.make,
    right: { url: "http://127.0.0.1:1" },
    wrong: { url: [...texts, "localhost:8765", "ftp://a.example"], token: [null, 3, {}] }
  }
}

type Services = NodeContext.NodeContext | HttpClient.HttpClient

/** The error of what is made, whether it is thrown, failed or died with. */
const errorOf = (make: () => unknown) =>
  Effect.suspend((): Effect.Effect<unknown, unknown, Services> => {
    const made = make()
    const effect = Layer.isLayer(made) ? Layer.build(made) : Effect.isEffect(made) ? made : Effect.succeed(made)
    // What is built here needs no more than what a program on Node has.
    return Effect.scoped(effect as Effect.Effect<unknown, unknown, Services>)
  }).pipe(Effect.sandbox, Effect.flip, Effect.map(Cause.squash))

describe("A wrong option", () => {
  for (const [name, { make, right, wrong }] of Object.entries(constructors)) {
    it.effect(`of ${name} is an error that names the setting and what it takes`, () =>
      Effect.gen(function* () {
        const whole = yield* errorOf(() => make(null as never))
        assert.instanceOf(whole, InvalidOption.InvalidOption)
        assert.match(whole.message, /^[\w.]+: (?:options takes an object\b.*, not null$|path takes )/)
        for (const [setting, values] of Object.entries(wrong)) {
          for (const value of values) {
            const error = yield* errorOf(() => make({ ...right, [setting]: value } as never))
            assert.instanceOf(error, InvalidOption.InvalidOption, `${setting}: ${String(value)}`)
            assert.include(error.setting, setting)
            assert.notInclude(error.expected, "Struct")
            assert.notInclude(error.expected, "readonly ")
          }
        }
      }).pipe(Effect.provide([NodeContext.layer, FetchHttpClient.layer]))
    )

    it.effect(`of ${name} that is misspelt is an error that names the one that was meant`, () =>
      Effect.gen(function* () {
        for (const setting of Object.keys(wrong)) {
          if (setting.length < 5) continue
          const typed = `${setting.slice(0, 2)}${setting.slice(3)}`
          const { [setting]: _left, ...others } = { ...right } as Readonly<Record<string, unknown>>
          const error = yield* errorOf(() => make({ ...others, [typed]: "5 seconds" } as never))
          assert.instanceOf(error, InvalidOption.InvalidOption, typed)
          assert.deepStrictEqual([error.setting, error.meant], [typed, setting])
        }
      }).pipe(Effect.provide([NodeContext.layer, FetchHttpClient.layer]))
    )
  }
})
