/**
 * The periods of the figures as words, and as parts of a filter.
 */
import type { RunAnalytics, RunPeriod } from "../../../runs/runAnalytics.js"
import type { Zoom } from "../charts/ChartFrame.js"
import { go, hrefOf } from "../router.js"
import { dayOf } from "../times.js"

type Step = RunAnalytics["step"]

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
      return date.getUTCHours() === 0 ? dayOf(date.getTime()) : `${start.slice(11, 13)}:00`
    case "day":
    case "week":
      return dayOf(date.getTime())
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
      return `${dayOf(date.getTime())}, ${start.slice(11, 16)} UTC`
    case "day":
      return weekday.format(date)
    case "week":
      return `week of ${dayOf(date.getTime())}`
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

/** Narrows the figures to some of their periods. */
export const zoomOf = ({ periods }: RunAnalytics, query: URLSearchParams): Zoom => {
  const href = (first: number, last: number): string => {
    const [from, to] = [periods[first], periods[last]]
    const filter = from === undefined || to === undefined ? {} : filterIn({ ...from, end: to.end }, query)
    return hrefOf(["analytics"], { ...Object.fromEntries(query), ...filter })
  }
  return { periods: periods.length, href, open: (first, last) => go(href(first, last)) }
}
