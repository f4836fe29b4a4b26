/**
 * The views of the dashboard, in the order of the navigation.
 */
import type { ComponentType } from "preact"
import type { GlyphName } from "./Glyph.js"
import { RunsView } from "./runs/RunsView.js"

export interface View {
  /** The first part of its addresses. The server knows these too. */
  readonly path: string
  readonly title: string
  readonly glyph: GlyphName
  readonly component: ComponentType
}

export const views: ReadonlyArray<View> = [{ path: "runs", title: "Runs", glyph: "runs", component: RunsView }]

/** Without a path it is the first one. */
export const viewAt = (path: string | undefined): View | undefined =>
  path === undefined ? views[0] : views.find((view) => view.path === path)
