/**
 * A button that opens a panel below it. A click elsewhere or Escape closes it.
 */
import { useSignal } from "@preact/signals"
import type { ComponentChildren } from "preact"
import { useEffect, useRef } from "preact/hooks"

interface MenuProps {
  readonly title: string
  readonly glyph?: ComponentChildren
  readonly children: ComponentChildren
}

export const Menu = ({ children, glyph, title }: MenuProps) => {
  const isOpen = useSignal(false)
  const element = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (!isOpen.value) return
    const outside = ({ target }: Event) => {
      if (target instanceof Node && element.current?.contains(target) === false) isOpen.value = false
    }
    document.addEventListener("pointerdown", outside)
    document.addEventListener("focusin", outside)
    return () => {
      document.removeEventListener("pointerdown", outside)
      document.removeEventListener("focusin", outside)
    }
  }, [isOpen.value])
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is in it has the focus
    <div
      class="menu"
      ref={element}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen.value) return
        event.stopPropagation()
        isOpen.value = false
        button.current?.focus()
      }}
    >
      <button
        ref={button}
        type="button"
        class="button with-glyph"
        aria-expanded={isOpen.value}
        onClick={() => {
          isOpen.value = !isOpen.value
        }}
      >
        {glyph}
        <span class="label">{title}</span>
      </button>
      {isOpen.value && <div class="menu-panel">{children}</div>}
    </div>
  )
}
