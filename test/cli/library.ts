/**
 * A history that a program wrote, and the command run on it.
 */
import { Data, Effect, Layer, Logger, Option, Schedule, type Scope } from "effect"
import { run } from "../../src/cli/narrativeCommand.js"
import * as Output from "../../src/cli/output.js"
import { Correlation, Diagnostics, FailureAnalyzer, Narrative } from "../../src/index.js"
import type { Postgres } from "../fixtures/postgres.js"
import { file, layerAt, onPostgres } from "../history/histories.js"

class Unavailable extends Data.TaggedError("Unavailable")<{ readonly message: string }> {}

class CardDeclined extends Data.TaggedError("CardDeclined")<{ readonly message: string }> {}

const charge = Effect.fn("charge")(function* (order: string, amount: number) {
  const card = "visa"
  yield* Effect.logInfo("charging", { order })
  if (amount > 100) return yield* new CardDeclined({ message: `The ${card} card was declined for ${amount} €` })
})

const processOrder = (order: string, amount: number) =>
  Effect.gen(function* () {
    yield* Narrative.annotate("order", order).pipe(Narrative.stage("Validate Order"))
    yield* charge(order, amount).pipe(Narrative.stage("Charge Card"))
    yield* Narrative.note("paid", { amount })
    yield* Narrative.stage(Effect.void, "Pack").pipe(Narrative.story("Ship Order"), Narrative.stage("Ship"))
  }).pipe(Narrative.story("Process Order", { totalStages: 3, labels: { tenant: "acme" } }))

const fetchRates = Effect.suspend(() => {
  let attempts = 0
  return Effect.suspend(() => (attempts++ < 2 ? new Unavailable({ message: "503" }) : Effect.void)).pipe(
    Narrative.retry(Schedule.recurs(3)),
    Narrative.stage("Fetch Rates"),
    Narrative.story("Load 数据")
  )
})

const importRows = new Unavailable({ message: "no rows" }).pipe(
  Narrative.stage("Read"),
  Narrative.story("Import Rows"),
  Narrative.stage("Import"),
  Narrative.story("Nightly")
)

/** What terminals would obey. */
export const hostile = "\x1b[31mred\x1b]0;pwned\x07\u202e\r\nx"

const evil = new Unavailable({ message: hostile }).pipe(
  Narrative.stage(`Stage ${hostile}`),
  Narrative.story(`Story ${hostile}`, { labels: { tenant: hostile } })
)

const analysis = {
  analyzer: "test",
  model: null,
  exactWhy: "The card has no money on it.",
  evidence: [],
  targetedFix: "Ask for another card.",
  codeChanges: "",
  rawText: null,
  droppedCitations: 0
}

const analyzer = Layer.succeed(FailureAnalyzer.FailureAnalyzer, {
  analyze: ({ failures: [failure] }) =>
    Effect.sync(() => Option.liftPredicate(analysis, () => failure.errorType === "CardDeclined"))
})

const day = Effect.gen(function* () {
  yield* processOrder("A-1", 20)
  yield* Effect.exit(processOrder("A-2", 250))
  yield* fetchRates.pipe(Correlation.with({ requestId: "r-7", tenant: "Fjord Tea" }))
  yield* Effect.exit(importRows)
  yield* Effect.exit(evil)
})

/** The file of a history in which a day's stories were recorded. */
export const history = Effect.tap(file, (place) => recorded(place, day))

/** Where a history is, and the same as an argument of the command, in which no password is. */
export interface Place {
  readonly place: string
  readonly argument: string
}

/** Histories in which the day's stories were recorded, by their databases. */
export const databases = (
  server: Effect.Effect<Postgres>
): ReadonlyArray<{ readonly where: string; readonly history: Effect.Effect<Place, never, Scope.Scope> }> => [
  { where: "in a file", history: Effect.map(history, (place) => ({ place, argument: place })) },
  {
    where: "in a schema of PostgreSQL",
    history: Effect.flatMap(onPostgres(server).file, (place) =>
      Effect.map(Effect.zipRight(recorded(place, day), withoutPassword(server, place)), (argument) => ({
        place,
        argument
      }))
    )
  }
]

/** A URL as it may be an argument; its password is in the environment for as long as the scope is open. */
export const withoutPassword = (server: Effect.Effect<Postgres>, url: string) =>
  Effect.flatMap(server, ({ password }) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const before = process.env["PGPASSWORD"]
        process.env["PGPASSWORD"] = password
        return before
      }),
      (before) =>
        Effect.sync(() => {
          if (before === undefined) delete process.env["PGPASSWORD"]
          else process.env["PGPASSWORD"] = before
        })
    ).pipe(Effect.as(url.replace(`:${encodeURIComponent(password)}@`, "@")))
  )

/** Everything the program emits is in the history when it is done. */
export const recorded = <A, E>(place: string, program: Effect.Effect<A, E>) =>
  program.pipe(
    Effect.provide(
      Layer.mergeAll(
        layerAt(place, { batchWithin: "1 millis" }),
        Narrative.logger,
        Diagnostics.layer({ mode: "rich" }),
        analyzer,
        Logger.remove(Logger.defaultLogger)
      )
    ),
    Effect.orDie
  )

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The command within this process, on a terminal of so many columns, or into a pipe. */
export const narrative = (args: ReadonlyArray<string>, columns?: number): Effect.Effect<Ran> =>
  Effect.suspend(() => {
    let stdout = ""
    let stderr = ""
    const output = Output.make(
      {
        stdout: { isTTY: columns !== undefined, columns, write: (text) => (stdout += text) },
        stderr: { write: (text) => (stderr += text) }
      },
      columns === undefined ? {} : { FORCE_COLOR: "1", LANG: "C.UTF-8" },
      process.cwd()
    )
    return run(["node", "narrative", ...args]).pipe(
      Effect.provideService(Output.Output, output),
      Effect.map((code) => ({ code, stdout, stderr })),
      Effect.orDie
    )
  })

/** Without the colours that are the command's own. */
export const plain = (text: string): string => text.replaceAll(/\x1b\[\d+m/g, "")
