/**
 * The keys of a page.
 */

export interface Key {
  /** As `KeyboardEvent.key` names them, but `Esc`. */
  readonly keys: ReadonlyArray<string>
  /** What it does, for the list of keys. */
  readonly does: string
  readonly run: () => void
}

/** Runs what a key is for, of those that hold now, unless the user is typing or a dialog is open. */
export const listenForKeys = (keys: () => ReadonlyArray<Key>): void => {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return
    const { target } = event
    const isTyping =
      target instanceof HTMLSelectElement ||
      target instanceof HTMLTextAreaElement ||
      (target instanceof HTMLInputElement && target.type !== "checkbox")
    if (isTyping && event.key !== "Escape") return
    if (document.querySelector("dialog[open]") !== null) return
    const key = keys().find(({ keys }) => keys.includes(event.key === "Escape" ? "Esc" : event.key))
    if (key === undefined) return
    event.preventDefault()
    key.run()
  })
}
