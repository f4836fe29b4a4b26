/**
 * Light, dark, or as the system has it.
 */
import { computed, effect, signal } from "@preact/signals"

export type Theme = "light" | "dark"

const key = "narrative-theme"

const stored = (): Theme | undefined => {
  try {
    const value = localStorage.getItem(key)
    return value === "light" || value === "dark" ? value : undefined
  } catch {
    // A page opened from a file may have no storage.
    return undefined
  }
}

const systemIsDark = matchMedia("(prefers-color-scheme: dark)")
const system = signal(systemIsDark.matches)
systemIsDark.addEventListener("change", ({ matches }) => {
  system.value = matches
})

const chosen = signal(stored())
effect(() => {
  const { value } = chosen
  if (value === undefined) document.documentElement.removeAttribute("data-theme")
  else document.documentElement.setAttribute("data-theme", value)
})

/** The one in force. */
export const theme = computed((): Theme => chosen.value ?? (system.value ? "dark" : "light"))

export const toggleTheme = (): void => {
  const next = theme.value === "dark" ? "light" : "dark"
  try {
    localStorage.setItem(key, next)
  } catch {
    // It holds for as long as the page is open.
  }
  chosen.value = next
}
