/**
 * Small drawings in the colour of the text around them.
 */
const shapes = {
  check: "M3.5 8.5l3 3 6-7",
  cross: "M4 4l8 8M12 4l-8 8",
  slash: "M3.5 12.5l9-9",
  clock: "M8 4v4.5l3 1.5",
  dots: "M4 8h.01M8 8h.01M12 8h.01",
  half: "M4 8h8",
  retry: "M12.5 8a4.5 4.5 0 1 1-1.5-3.3M11.5 2v3h-3",
  caret: "M6 4l4 4-4 4",
  copy: "M6 6V3.5h6.5V10H10M3.5 6H10v6.5H3.5z",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM13.5 13.5l-3.3-3.3",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z",
  bulb: "M6 12.5h4M6.5 14.5h3M8 2a4 4 0 0 0-2.3 7.3c.5.4.8.8.8 1.2h3c0-.4.3-.8.8-1.2A4 4 0 0 0 8 2z"
} as const

export type IconName = keyof typeof shapes

interface IconProps {
  readonly name: IconName
  readonly class?: string
}

export const Icon = ({ class: extra = "", name }: IconProps) => (
  <svg class={`icon ${extra}`} viewBox="0 0 16 16" aria-hidden="true">
    <path d={shapes[name]} />
  </svg>
)
