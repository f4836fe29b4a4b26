/**
 * The keys of the page, and the list of them.
 */
import { h } from "./Dom.js"

export interface Key {
  readonly keys: ReadonlyArray<string>
  readonly does: string
  readonly run: () => void
}

export const dialog = (keys: ReadonlyArray<Key>): HTMLDialogElement =>
  h(
    "dialog",
    {
      class: "help",
      id: "help",
      attributes: { "aria-label": "Keys" },
      on: {
        click: ({ currentTarget, target }: MouseEvent) => {
          if (target === currentTarget && currentTarget instanceof HTMLDialogElement) currentTarget.close()
        }
      }
    },
    h("h2", {}, "Keys"),
    h(
      "dl",
      {},
      [
        ...keys.map(({ does, keys }) => ({ does, keys })),
        { keys: ["↑", "↓", "←", "→"], does: "In the waterfall: move, close and open" },
        { keys: ["drag"], does: "On the time scale: zoom" }
      ].map(({ does, keys }) =>
        h(
          "div",
          {},
          h(
            "dt",
            {},
            keys.map((key) => h("kbd", {}, key))
          ),
          h("dd", {}, does)
        )
      )
    ),
    h("form", { attributes: { method: "dialog" } }, h("button", { class: "button" }, "Close"))
  )

export const listen = (keys: ReadonlyArray<Key>): void => {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return
    const { target } = event
    const isTyping = target instanceof HTMLInputElement
    if (isTyping && event.key !== "Escape") return
    if (document.querySelector("dialog[open]") !== null) return
    const key = keys.find(({ keys }) => keys.includes(event.key === "Escape" ? "Esc" : event.key))
    if (key === undefined) return
    event.preventDefault()
    key.run()
  })
}
