/** A real Prometheus that has every metric, as a busy program leaves them behind within two hours. */
import * as Command from "@effect/platform/Command"
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClient from "@effect/platform/HttpClient"
import { Deferred, Effect, Schema, Stream } from "effect"
import { all, type Instrument, prometheusNameOf } from "../../src/metrics/Instruments.js"
import { promtool } from "./Promtool.js"

/** 2026-01-01T00:00:00Z, where a block of Prometheus begins, in seconds. */
const begin = 1_767_225_600
const minutes = 119

export interface Prometheus {
  /** How many series a query has at the end of those hours, and how many of them are no number. */
  readonly ask: (query: string) => Effect.Effect<{ readonly series: number; readonly noNumbers: number }>
}

export const make = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const client = yield* HttpClient.HttpClient
  const directory = yield* fs.makeTempDirectoryScoped()
  yield* fs.writeFileString(`${directory}/metrics`, `${all.flatMap(samplesOf).join("\n")}\n# EOF\n`)
  const { exitCode, output } = yield* promtool(
    directory,
    "tsdb",
    "create-blocks-from",
    "openmetrics",
    "metrics",
    "data"
  )
  if (exitCode !== 0) return yield* Effect.dieMessage(output)
  yield* fs.writeFileString(`${directory}/prometheus.yml`, "scrape_configs: []\n")
  const server = yield* Command.make(
    "prometheus",
    "--config.file=prometheus.yml",
    "--storage.tsdb.path=data",
    "--web.listen-address=127.0.0.1:0"
  ).pipe(Command.workingDirectory(directory), Command.start)
  const address = yield* Deferred.make<string>()
  // Its output is read to the end: a Prometheus that cannot write any more ends.
  yield* Stream.splitLines(Stream.decodeText(server.stderr)).pipe(
    Stream.runFoldEffect("", (found, line) => {
      const now = /Listening on.*address="?(127\.0\.0\.1:\d+)/.exec(line)?.[1] ?? found
      return /ready to receive web requests/.test(line)
        ? Effect.as(Deferred.succeed(address, now), now)
        : Effect.succeed(now)
    }),
    Effect.forkScoped
  )
  const told = yield* Effect.timeout(Deferred.await(address), "20 seconds")
  return {
    ask: (query) =>
      client.get(`http://${told}/api/v1/query`, { urlParams: { query, time: String(begin + minutes * 60) } }).pipe(
        Effect.flatMap((response) => response.json),
        Effect.flatMap(Schema.decodeUnknown(Answer)),
        Effect.map(({ data }) => ({
          series: data.result.length,
          noNumbers: data.result.filter(({ value: [, text] }) => text === "NaN").length
        })),
        Effect.scoped,
        Effect.orDie
      )
  } satisfies Prometheus
})

const Answer = Schema.Struct({
  data: Schema.Struct({ result: Schema.Array(Schema.Struct({ value: Schema.Tuple(Schema.Number, Schema.String) })) })
})

const valuesOf: { readonly [label: string]: ReadonlyArray<string> } = {
  success: ["true", "false"],
  status: ["completed", "failed"],
  result: ["delivered", "dropped", "succeeded", "failed"]
}

/** A series for each combination of values, growing from minute to minute. */
const samplesOf = (instrument: Instrument): ReadonlyArray<string> => {
  const name = prometheusNameOf(instrument)
  const combinations = ["job", "instance", ...instrument.labels].reduce<ReadonlyArray<string>>(
    (before, label) =>
      before.flatMap((text) => (valuesOf[label] ?? [`a ${label}`]).map((value) => `${text},${label}="${value}"`)),
    [""]
  )
  return combinations.flatMap((text) => {
    const labels = text.slice(1)
    if (instrument.buckets === undefined) return overTime(`${name}{${labels}}`, 1)
    const bounds = [...instrument.buckets.map(String), "+Inf"]
    return [
      ...bounds.flatMap((le, index) => overTime(`${name}_bucket{${labels},le="${le}"}`, index + 1)),
      ...overTime(`${name}_sum{${labels}}`, 0.5 * bounds.length),
      ...overTime(`${name}_count{${labels}}`, bounds.length)
    ]
  })
}

const overTime = (series: string, step: number): ReadonlyArray<string> =>
  Array.from({ length: minutes + 1 }, (_, minute) => `${series} ${minute * step} ${begin + minute * 60}`)
