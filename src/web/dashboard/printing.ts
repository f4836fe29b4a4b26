/**
 * Whether the page is being printed, where nothing scrolls and everything is open.
 */
import { type ReadonlySignal, signal } from "@preact/signals"

const current = signal(false)

addEventListener("beforeprint", () => {
  current.value = true
})
addEventListener("afterprint", () => {
  current.value = false
})

export const printing: ReadonlySignal<boolean> = current
