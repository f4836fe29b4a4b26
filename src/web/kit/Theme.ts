/**
 * Light, dark, or as the system has it.
 */
import { h, icon } from "./Dom.js"

const key = "narrative-theme"

type Theme = "light" | "dark"

const system = (): Theme => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")

const chosen = (): Theme | undefined => {
  try {
    const value = localStorage.getItem(key)
    return value === "light" || value === "dark" ? value : undefined
  } catch {
    // A page opened from a file may have no storage.
    return undefined
  }
}

const apply = (theme: Theme | undefined): void => {
  if (theme === undefined) document.documentElement.removeAttribute("data-theme")
  else document.documentElement.setAttribute("data-theme", theme)
  document.dispatchEvent(new Event("themechange"))
}

export const toggle = (): void => {
  const next: Theme =
    (chosen() ?? document.documentElement.getAttribute("data-theme") ?? system()) === "dark" ? "light" : "dark"
  try {
    localStorage.setItem(key, next)
  } catch {
    // It holds for as long as the page is open.
  }
  apply(next)
}

export const themeButton = (): HTMLElement => {
  apply(chosen())
  return h(
    "button",
    {
      class: "plain",
      id: "theme",
      title: "Light or dark (t)",
      attributes: { type: "button", "aria-label": "Switch between light and dark" },
      on: { click: toggle }
    },
    icon("moon")
  )
}
