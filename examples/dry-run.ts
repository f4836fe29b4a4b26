/**
 * A dry run of a job: stages with a stand-in are skipped, the others run, and a failing one does not stop the rest.
 */
import { Console, Effect, Schema } from "effect"
import { ConsoleRenderer, Narrative } from "effect-narrative"

interface Invoice {
  readonly customer: string
  readonly euros: number
}

class Offline extends Schema.TaggedError<Offline>()("Offline", { message: Schema.String }) {}

const fetchInvoices: Effect.Effect<ReadonlyArray<Invoice>, Offline> = new Offline({ message: "No way to the database" })

const send = (letters: ReadonlyArray<string>): Effect.Effect<void, Offline> =>
  new Offline({ message: `${letters.length} letter(s) not sent` })

const sendReminders = Effect.gen(function* () {
  const invoices = yield* fetchInvoices.pipe(
    Narrative.whenDryRun(() => [{ customer: "Ada", euros: 12 }]),
    Narrative.stage("Fetch Invoices")
  )
  const letters = yield* Effect.succeed(invoices.map(({ customer, euros }) => `Dear ${customer}, ${euros} EUR`)).pipe(
    Narrative.stage("Write Letters")
  )
  yield* send(letters).pipe(Narrative.stage("Send Letters"))
}).pipe(Narrative.story("Send Reminders", { totalStages: 3 }))

const program = Effect.gen(function* () {
  const report = yield* Narrative.dryRun(sendReminders)
  yield* Console.log("\nThe dry run visited:")
  for (const { failure, name, standIn } of report.stages) {
    yield* Console.log(
      `- ${name}${standIn ? " (stand-in)" : ""}${failure === null ? "" : ` would fail here: ${failure}`}`
    )
  }
})

program.pipe(Effect.provide(ConsoleRenderer.layer()), Narrative.runMain)
