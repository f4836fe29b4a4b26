/**
 * A real Prometheus that has every metric, as a busy program leaves them behind within two hours, and the rules of
 * `rules.yml`, which it has asked.
 */
import * as Command from "@effect/platform/Command"
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClient from "@effect/platform/HttpClient"
import { Clock, Deferred, Effect, Schedule, Schema, Stream } from "effect"
import { everySeries } from "./EverySeries.js"
import { promtool } from "./Promtool.js"
import * as RuleFile from "./RuleFile.js"

const minutes = 119

export interface Rule {
  readonly name: string
  readonly health: string
  readonly lastError?: string | undefined
}

export interface Prometheus {
  /** How many series a query has now, and how many of them are no number. */
  readonly ask: (query: string) => Effect.Effect<{ readonly series: number; readonly noNumbers: number }>
  /** The rules it watches, and how it fares with them. */
  readonly rules: ReadonlyArray<Rule>
}

/** What is recorded is recorded now, so the two hours end now: it takes the clock of the machine. */
export const make = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const client = yield* HttpClient.HttpClient
  const directory = yield* fs.makeTempDirectoryScoped()
  const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const samples = everySeries.flatMap(({ series, step }) =>
    Array.from({ length: minutes + 1 }, (_, minute) => `${series} ${minute * step} ${now - (minutes - minute) * 60}`)
  )
  yield* fs.writeFileString(`${directory}/metrics`, `${samples.join("\n")}\n# EOF\n`)
  const { exitCode, output } = yield* promtool(
    directory,
    "tsdb",
    "create-blocks-from",
    "openmetrics",
    "metrics",
    "data"
  )
  if (exitCode !== 0) return yield* Effect.dieMessage(output)
  yield* fs.writeFileString(`${directory}/rules.yml`, RuleFile.rules.replaceAll("interval: 30s", "interval: 1s"))
  yield* fs.writeFileString(`${directory}/prometheus.yml`, "rule_files: [rules.yml]\n")
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
  const bound = yield* Effect.timeout(Deferred.await(address), "20 seconds")
  const get = <A, I>(path: string, schema: Schema.Schema<A, I>, urlParams: { readonly [name: string]: string } = {}) =>
    client.get(`http://${bound}/api/v1/${path}`, { urlParams }).pipe(
      Effect.flatMap((response) => response.json),
      Effect.flatMap(Schema.decodeUnknown(schema)),
      Effect.scoped,
      Effect.orDie
    )
  const rules = yield* get("rules", Rules).pipe(
    Effect.map(({ data }) => data.groups.flatMap(({ rules }) => rules)),
    Effect.filterOrFail((rules) => rules.every(({ health }) => health !== "unknown")),
    Effect.retry(Schedule.spaced("100 millis")),
    Effect.timeout("20 seconds")
  )
  return {
    ask: (query) =>
      Effect.map(get("query", Answer, { query }), ({ data }) => ({
        series: data.result.length,
        noNumbers: data.result.filter(({ value: [, text] }) => text === "NaN").length
      })),
    rules
  } satisfies Prometheus
})

const Rules = Schema.Struct({
  data: Schema.Struct({
    groups: Schema.Array(
      Schema.Struct({
        rules: Schema.Array(
          Schema.Struct({ name: Schema.String, health: Schema.String, lastError: Schema.optional(Schema.String) })
        )
      })
    )
  })
})

const Answer = Schema.Struct({
  data: Schema.Struct({ result: Schema.Array(Schema.Struct({ value: Schema.Tuple(Schema.Number, Schema.String) })) })
})
