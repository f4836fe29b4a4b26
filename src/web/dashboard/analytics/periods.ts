/**
 * The periods of the figures as words, and as parts of a filter.
 */
import type { RunAnalytics, RunPeriod } from "../../../runs/runAnalytics.js"

type Step = RunAnalytics["step"]

const dayMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" })
const weekday = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  timeZone: "UTC"
})
const monthYear = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric", timeZone: "UTC" })

/** Below an axis. */
export const shortName = (step: Step, { start }: RunPeriod): string => {
  const date = new Date(start)
  switch (step) {
    case "hour":
      return date.getUTCHours() === 0 ? dayMonth.format(date) : `${start.slice(11, 13)}:00`
    case "day":
    case "week":
      return dayMonth.format(date)
    case "month":
      return monthYear.format(date)
    case "year":
      return start.slice(0, 4)
  }
}

/** Where there is room. */
export const longName = (step: Step, { start }: RunPeriod): string => {
  const date = new Date(start)
  switch (step) {
    case "hour":
      return `${dayMonth.format(date)}, ${start.slice(11, 16)} UTC`
    case "day":
      return weekday.format(date)
    case "week":
      return `week of ${dayMonth.format(date)}`
    default:
      return shortName(step, { start } as RunPeriod)
  }
}

/** The runs that started in a period, within what the filter had before. */
export const filterIn = (period: RunPeriod, query: URLSearchParams): { readonly [name: string]: string } => {
  const last = new Date(Date.parse(period.end) - 1).toISOString()
  // Texts of one form are in the order of their times.
  const from = [query.get("start_time_from") ?? "", period.start].sort().at(-1) ?? ""
  const to = [query.get("start_time_to") || last, last].sort()[0] ?? ""
  return { within: "", start_time_from: from, start_time_to: to }
}
