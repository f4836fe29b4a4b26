/**
 * The views of the dashboard, in the order of the navigation.
 */
import type { ComponentType } from "preact"
import { AnalyticsView } from "./analytics/AnalyticsView.js"
import { CompareView } from "./compare/CompareView.js"
import { FailuresView } from "./failures/FailuresView.js"
import type { GlyphName } from "./Glyph.js"
import { LiveView } from "./live/LiveView.js"
import { RunsView } from "./runs/RunsView.js"
import { StoriesView } from "./stories/StoriesView.js"

export interface View {
  /** The first part of its addresses. The server knows these too. */
  readonly path: string
  readonly title: string
  readonly glyph: GlyphName
  readonly component: ComponentType
}

export const views: ReadonlyArray<View> = [
  { path: "runs", title: "Runs", glyph: "runs", component: RunsView },
  { path: "stories", title: "Stories", glyph: "stories", component: StoriesView },
  { path: "failures", title: "Failures", glyph: "failures", component: FailuresView },
  { path: "live", title: "Live", glyph: "live", component: LiveView },
  { path: "compare", title: "Compare", glyph: "compare", component: CompareView },
  { path: "analytics", title: "Analytics", glyph: "analytics", component: AnalyticsView }
]

/** Without a path it is the first one. */
export const viewAt = (path: string | undefined): View | undefined =>
  path === undefined ? views[0] : views.find((view) => view.path === path)
