import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { checkReports } from "./expectedReports.js"
import { checkLocals, type Outcome } from "./locals/expectedLocals.js"
import { waysToRun } from "./waysToRun.js"

describe("a failing program", { timeout: 300_000 }, () => {
  for (const { name, runs } of waysToRun()) {
    const ran = Effect.runSync(Effect.cached(runs))

    it.live(`a program run ${name} has the same reports: places, reasons and locals`, () =>
      Effect.map(ran, (all) => {
        for (const { fileOf, outcomeOf } of all) {
          // The fixture writes JSON of this shape.
          const outcome = outcomeOf("reportingPrograms") as Readonly<Record<string, unknown>>
          checkReports(outcome, fileOf("reportingPrograms"))
        }
      })
    )

    it.live(`a program run ${name} has the locals of its suspended generators read`, () =>
      Effect.map(ran, (all) => {
        for (const { fileOf, mapped, outcomeOf } of all) {
          // The fixture writes JSON of this shape.
          checkLocals(outcomeOf("suspendedPrograms") as Outcome, fileOf("suspendedPrograms"), mapped)
        }
      })
    )
  }
})
