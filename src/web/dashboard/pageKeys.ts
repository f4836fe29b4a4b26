/**
 * The keys of the page and of the view that is open.
 */
import { signal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import type { Key } from "../kit/keys.js"
import { toggleTheme } from "../kit/theme.js"
import { go } from "./router.js"

export const areKeysShown = signal(false)

const added = signal<ReadonlyArray<() => ReadonlyArray<Key>>>([])

/** Keys that hold for as long as a component is on the page. */
export const useKeys = (keys: ReadonlyArray<Key>): void => {
  const latest = useRef(keys)
  latest.current = keys
  useEffect(() => {
    const current = () => latest.current
    added.value = [...added.value, current]
    return () => {
      added.value = added.value.filter((one) => one !== current)
    }
  }, [])
}

/** Those of every view. */
export const commonKeys = (
  views: ReadonlyArray<{ readonly path: string; readonly title: string }>
): ReadonlyArray<Key> => [
  ...views.map(({ path, title }, i) => ({ keys: [String(i + 1)], does: title, run: () => go(`/${path}`) })),
  { keys: ["t"], does: "Light or dark", run: toggleTheme },
  {
    keys: ["?"],
    does: "This list",
    run: () => {
      areKeysShown.value = true
    }
  }
]

/** Those of what is on the page as they are now, the innermost first. */
export const viewKeys = (): ReadonlyArray<Key> => added.value.flatMap((keys) => keys()).reverse()
