/**
 * What an element's size decides, kept up to date with it.
 */
import type { RefObject } from "preact"
import { useLayoutEffect, useRef } from "preact/hooks"

/** Called before the first paint, and whenever the size has changed. */
export const useResize = <E extends Element>(element: RefObject<E | null>, onSize: (element: E) => void): void => {
  const latest = useRef(onSize)
  latest.current = onSize
  useLayoutEffect(() => {
    const { current } = element
    if (current === null) return
    const observer = new ResizeObserver(() => latest.current(current))
    observer.observe(current)
    return () => observer.disconnect()
  }, [])
}
