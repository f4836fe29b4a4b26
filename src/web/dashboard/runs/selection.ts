/**
 * The runs that are chosen: some, or all that the filter finds.
 */
import { type ReadonlySignal, signal } from "@preact/signals"
import type { RunRow } from "./runRow.js"

export interface Selection {
  readonly ids: ReadonlySet<string>
  /** Every run that the filter finds, also those of other pages. */
  readonly isAll: boolean
}

const none: Selection = { ids: new Set(), isAll: false }

const current = signal(none)

export const selection: ReadonlySignal<Selection> = current

const change = (change: (ids: Set<string>) => void): void => {
  const ids = new Set(current.value.ids)
  change(ids)
  current.value = { ids, isAll: false }
}

export const toggleOne = (id: string, isChosen: boolean): void =>
  change((ids) => {
    if (isChosen) ids.add(id)
    else ids.delete(id)
  })

/** Those of a page. */
export const toggleAll = (runs: ReadonlyArray<RunRow>, isChosen: boolean): void =>
  change((ids) => {
    for (const { event_id } of runs) {
      if (isChosen) ids.add(event_id)
      else ids.delete(event_id)
    }
  })

export const chooseAll = (): void => {
  current.value = { ids: new Set(), isAll: true }
}

export const chooseNone = (): void => {
  current.value = none
}
