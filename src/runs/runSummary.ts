/**
 * What a workbook of runs says of them together: counts, items and durations, of all and of each agent.
 */
import type { PlainValue } from "../plain/PlainValue.js"
import { type RunColumn, statuses, timeText } from "./runColumns.js"
import type { Cell } from "./xlsx.js"

interface Figures {
  runs: number
  readonly statuses: Map<string, number>
  succeeded: number
  failed: number
  skipped: number
  duration: number
  timed: number
  first: string
  last: string
}

const none = (): Figures => ({
  runs: 0,
  statuses: new Map(),
  succeeded: 0,
  failed: 0,
  skipped: 0,
  duration: 0,
  timed: 0,
  first: "",
  last: ""
})

export interface SummaryOptions {
  /** What the filter is, in words. */
  readonly title: string
  readonly now: number
  readonly count: number
  readonly isCut: boolean
}

export class RunSummary {
  readonly #all = none()
  readonly #agents = new Map<string, Figures>()
  /** Texts that were too long for a cell. */
  cells = 0

  constructor(readonly options: SummaryOptions) {}

  add(run: { readonly [C in RunColumn]?: PlainValue }): void {
    const agent = String(run.agent_name ?? "")
    const ofAgent = this.#agents.get(agent) ?? none()
    this.#agents.set(agent, ofAgent)
    for (const figures of [this.#all, ofAgent]) include(figures, run)
  }

  rows(): ReadonlyArray<ReadonlyArray<Cell>> {
    const all = this.#all
    const { isCut, now, title } = this.options
    return [
      ["What", "Value"],
      ["Filter", title],
      ["Exported at", timeText(now) ?? ""],
      ["Runs", all.runs],
      ["Left out", isCut ? "The filter finds more runs than were asked for" : "Nothing"],
      ["Cells cut to what Excel takes", this.cells],
      ...statuses.map((status): ReadonlyArray<Cell> => [`Runs: ${status}`, all.statuses.get(status) ?? 0]),
      ["Success rate of those that ended", rateOf(all)],
      ["Items succeeded", all.succeeded],
      ["Items failed", all.failed],
      ["Items skipped", all.skipped],
      ["Average duration in ms", averageOf(all)],
      ["First start", all.first === "" ? null : all.first],
      ["Last start", all.last === "" ? null : all.last]
    ]
  }

  agents(): ReadonlyArray<ReadonlyArray<Cell>> {
    const names = Array.from(this.#agents.keys()).sort()
    return [
      ["Agent", "Runs", ...statuses, "Success rate", "Items succeeded", "Items failed", "Items skipped", "Average ms"],
      ...names.map((name): ReadonlyArray<Cell> => {
        const figures = this.#agents.get(name) ?? none()
        const { failed, runs, skipped, succeeded } = figures
        const counts = statuses.map((status) => figures.statuses.get(status) ?? 0)
        return [name, runs, ...counts, rateOf(figures), succeeded, failed, skipped, averageOf(figures)]
      })
    ]
  }
}

const include = (figures: Figures, run: { readonly [C in RunColumn]?: PlainValue }): void => {
  const status = String(run.status)
  const start = String(run.start_time ?? "")
  figures.runs += 1
  figures.statuses.set(status, (figures.statuses.get(status) ?? 0) + 1)
  figures.succeeded += Number(run.items_succeeded ?? 0)
  figures.failed += Number(run.items_failed ?? 0)
  figures.skipped += Number(run.items_skipped ?? 0)
  if (typeof run.duration_ms === "number") {
    figures.duration += run.duration_ms
    figures.timed += 1
  }
  if (start === "") return
  if (figures.first === "" || start < figures.first) figures.first = start
  if (start > figures.last) figures.last = start
}

const rateOf = ({ runs, statuses }: Figures): Cell => {
  const ended = runs - (statuses.get("running") ?? 0)
  return ended === 0 ? null : Math.round(((statuses.get("success") ?? 0) / ended) * 10_000) / 10_000
}

const averageOf = ({ duration, timed }: Figures): Cell => (timed === 0 ? null : Math.round(duration / timed))
