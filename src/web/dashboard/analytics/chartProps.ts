/**
 * The figures, and where their marks lead.
 */
import type { RunAnalytics } from "../../../runs/runAnalytics.js"
import type { Zoom } from "../charts/ChartFrame.js"
import type { Query } from "../router.js"

/** What every chart is given. */
export interface ChartProps {
  readonly figures: RunAnalytics
  /** The list of the runs behind a mark: those of the filter, and of what the mark adds to it. */
  readonly listOf: (changes: Query) => string
  readonly query: URLSearchParams
  /** The same figures of a part of the time. */
  readonly zoom: Zoom
}
