/**
 * A mark of a chart, which leads to the list behind it.
 */
import type { ComponentChildren } from "preact"

interface MarkProps {
  readonly href: string
  /** What it is, with its figures. */
  readonly label: string
  /** Whether the tab key stops here. */
  readonly isFirst: boolean
  readonly class?: string | undefined
  readonly children: ComponentChildren
}

export const Mark = ({ children, class: extra = "", href, isFirst, label }: MarkProps) => (
  <a class={`chart-mark ${extra}`} href={href} aria-label={label} tabindex={isFirst ? 0 : -1}>
    {children}
  </a>
)
