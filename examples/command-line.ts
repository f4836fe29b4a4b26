/**
 * Orders that are told to a history, and what the `narrative` command then says of them.
 */
import { execFileSync } from "node:child_process"
import { Console, Data, Effect, Layer } from "effect"
import { Diagnostics, Narrative, Renderer } from "effect-narrative"
import { HistoryRenderer } from "effect-narrative/history"

class CardDeclined extends Data.TaggedError("CardDeclined")<{ readonly message: string }> {}

const charge = Effect.fn("charge")(function* (order: string, amount: number) {
  yield* Effect.sleep("20 millis")
  const card = order === "A-3" ? "expired" : "valid"
  if (card === "expired") return yield* new CardDeclined({ message: `No ${amount} € on this card` })
})

const processOrder = (order: string, amount: number) =>
  Effect.gen(function* () {
    yield* Narrative.annotate({ order, amount }).pipe(Effect.delay("5 millis"), Narrative.stage("Validate Order"))
    yield* charge(order, amount).pipe(Narrative.stage("Charge Card"))
    yield* Narrative.stage(Effect.void, "Ship")
  }).pipe(Narrative.story("Process Order", { totalStages: 3, labels: { tenant: "acme" } }))

const filename = `${process.env["NARRATIVE_DIR"] ?? ".narrative"}/orders.db`

const History = Layer.provideMerge(HistoryRenderer.layer({ path: filename }), Renderer.layerNone)

const orders = Effect.forEach(["A-1", "A-2", "A-3", "A-4"], (order, i) => Effect.exit(processOrder(order, 20 + i)))

const command = import.meta.filename.replace("examples/command-line", "src/cli/main")

/** `npx narrative …`, were this a project of its own. It is run as this program is: by `tsx`, or compiled. */
const narrative = (...args: ReadonlyArray<string>) =>
  Effect.sync(() =>
    execFileSync(process.execPath, [...process.execArgv, command, ...args], {
      encoding: "utf8",
      env: { ...process.env, NARRATIVE_DB: filename, COLUMNS: "120" }
    })
  )

const shown = (...args: ReadonlyArray<string>) =>
  Effect.flatMap(narrative(...args), (output) => Console.log(`$ narrative ${args.join(" ")}\n${output}`))

const program = Effect.gen(function* () {
  yield* Effect.provide(orders, Layer.merge(History, Diagnostics.layer({ mode: "rich" })))
  const listed = yield* narrative("failures")
  const [, id = ""] = /^\S+(?: ago)? +(\S+)/.exec(listed.split("\n")[1] ?? "") ?? []
  yield* Console.log(`$ narrative failures\n${listed}`)
  yield* shown("story", id)
  yield* shown("stats")
})

program.pipe(Narrative.runMain)
