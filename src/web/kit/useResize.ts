/**
 * What an element's size decides, kept up to date with it.
 */
import type { RefObject } from "preact"
import { useLayoutEffect } from "preact/hooks"

/** Called before the first paint, and whenever the size has changed. */
export const useResize = <E extends Element>(element: RefObject<E | null>, onSize: (element: E) => void): void =>
  useLayoutEffect(() => {
    const { current } = element
    if (current === null) return
    const observer = new ResizeObserver(() => onSize(current))
    observer.observe(current)
    return () => observer.disconnect()
  }, [])
