/**
 * What clicks and keys do in the waterfall, as in a tree grid.
 */
import type { View } from "./view.js"
import type { WaterfallState } from "./waterfallState.js"

/** Selects a row, or opens and closes it. */
export const clicked = (target: EventTarget | null, view: View): void => {
  if (!(target instanceof Element)) return
  const id = Number(target.closest("[data-id]")?.getAttribute("data-id") ?? Number.NaN)
  if (Number.isNaN(id)) return
  if (target.closest("[data-twist]") !== null) view.toggle(id)
  else view.select(view.selected === id ? undefined : id)
}

/** Whether the key is one of the waterfall's. */
export const pressed = (key: string, state: WaterfallState): boolean => {
  const page = Math.max(1, Math.floor(state.inSight.height.value / state.inSight.rowHeight) - 2)
  const all = state.view.rows.value.length
  const moves: { readonly [key: string]: number } = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: page,
    PageUp: -page,
    Home: -all,
    End: all
  }
  const step = moves[key]
  if (step !== undefined) void state.move(step)
  else if (key === "ArrowRight") return expand(state)
  else if (key === "ArrowLeft") return collapse(state)
  else return false
  return true
}

const expand = (state: WaterfallState): boolean => {
  const { view } = state
  const item = view.selectedNode
  if (item === undefined) return false
  if (view.collapsed.has(item.node.id)) view.toggle(item.node.id, false)
  else if (item.children.length > 0) void state.move(1)
  return true
}

const collapse = (state: WaterfallState): boolean => {
  const { view } = state
  const item = view.selectedNode
  if (item === undefined) return false
  if (item.children.length > 0 && !view.collapsed.has(item.node.id)) view.toggle(item.node.id, true)
  else if (item.parent !== undefined) {
    view.select(item.parent.node.id)
    void state.reveal()
  }
  return true
}
