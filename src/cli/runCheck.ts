/**
 * `narrative runs check`: how a folder of runs is.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Theme } from "../renderer/console/theme.js"
import * as checkup from "../runs/checkup.js"
import type { Places } from "../runs/embedded.js"
import { manifest } from "./manifest.js"
import { Output, writeJson } from "./output.js"
import { type Column, table } from "./table.js"

/** Something is wrong; what it is was printed. */
class FaultsFound extends Data.TaggedError("FaultsFound")<{ readonly count: number }> {
  override get message(): string {
    return this.count === 1 ? "one thing is wrong" : `${this.count} things are wrong`
  }
}

export const check = (places: Places, { json }: { readonly json: boolean }) =>
  Effect.gen(function* () {
    const version: checkup.Finding = { check: "effect-narrative", state: "ok", found: manifest.version }
    const findings = [version, ...(yield* checkup.check(places))]
    const output = yield* Output
    if (json) yield* Effect.forEach(findings, (finding) => writeJson(encoded(finding)), { discard: true })
    else {
      yield* output.write(table(findings, columns(output.theme, findings), output))
      for (const { advice, check } of findings) if (advice !== undefined) yield* output.note(`${check}: ${advice}`)
    }
    const count = findings.filter(({ state }) => state === "fault").length
    if (count > 0) return yield* new FaultsFound({ count })
  })

const encoded = ({ advice, check, found, state, wanted }: checkup.Finding) => ({
  check,
  state,
  found,
  wanted: wanted ?? null,
  advice: advice ?? null
})

const columns = (
  { colours }: Theme,
  findings: ReadonlyArray<checkup.Finding>
): ReadonlyArray<Column<checkup.Finding>> => [
  {
    title: "State",
    cell: ({ state }) => ({
      text: state,
      paint: state === "ok" ? colours.good : state === "fault" ? colours.bad : colours.bold
    })
  },
  { title: "Check", cell: ({ check }) => ({ text: check }), least: 12 },
  { title: "Found", cell: ({ found }) => ({ text: found }), least: 20 },
  ...(findings.some(({ wanted }) => wanted !== undefined) ? [wantedColumn(colours)] : [])
]

const wantedColumn = ({ dim }: Theme["colours"]): Column<checkup.Finding> => ({
  title: "Wanted",
  cell: ({ wanted }) => ({ text: wanted ?? "", paint: dim }),
  least: 8,
  dispensable: 1
})
