/**
 * Short words on what was done, at the edge of the page.
 */
import { type ReadonlySignal, signal } from "@preact/signals"

export interface Toast {
  readonly id: number
  readonly text: string
  readonly tone: "ok" | "fail"
}

/** How long one is shown, in milliseconds. */
const shownFor = 6_000

const current = signal<ReadonlyArray<Toast>>([])

export const toasts: ReadonlySignal<ReadonlyArray<Toast>> = current

let last = 0

export const dismiss = (id: number): void => {
  current.value = current.value.filter((toast) => toast.id !== id)
}

export const say = (text: string, tone: Toast["tone"] = "ok"): void => {
  last += 1
  const id = last
  current.value = [...current.value.slice(-2), { id, text, tone }]
  // What went wrong stays until it is read.
  if (tone === "ok") setTimeout(() => dismiss(id), shownFor)
}
