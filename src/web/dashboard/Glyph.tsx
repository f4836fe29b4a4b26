/**
 * Drawings of the dashboard, in the colour of the text around them.
 */
const shapes = {
  runs: "M3 5h10M3 8h10M3 11h10",
  stories: "M2.5 4h6M5 8h6M8.5 12h5",
  failures: "M8 2.5l6 10.5H2zM8 6.5v3M8 11.3h.01",
  live: "M1.5 8h3l2-4.5 3 9 2-4.5h3",
  compare: "M5.5 2.5v11M10.5 2.5v11M2.5 5h3M2.5 9h3M10.5 7h3M10.5 11h3",
  analytics: "M3 13V9M6.5 13V4.5M10 13V7M13.5 13V2.5",
  columns: "M2.5 3.5h11v9h-11zM6.2 3.5v9M9.8 3.5v9",
  export: "M8 2.5v7.5M5 7l3 3 3-3M3 13.5h10",
  edit: "M3 13l.7-2.8L10.6 3.3l2.1 2.1L5.8 12.3z",
  close: "M4 4l8 8M12 4l-8 8",
  refresh: "M13 8a5 5 0 1 1-1.5-3.5M13 2.5v2.7h-2.7",
  left: "M10 4L6 8l4 4",
  right: "M6 4l4 4-4 4",
  first: "M12 4L8 8l4 4M5 4v8",
  last: "M4 4l4 4-4 4M11 4v8",
  up: "M8 12.5v-9M4.5 7L8 3.5 11.5 7",
  down: "M8 3.5v9M4.5 9L8 12.5 11.5 9",
  undo: "M5.5 4L2.5 7l3 3M3 7h6.5a3.5 3.5 0 0 1 0 7H7",
  link: "M6.5 9.5l3-3M7 4.5l1-1a3 3 0 0 1 4.5 4.5l-1 1M9 11.5l-1 1A3 3 0 0 1 3.5 8l1-1",
  filter: "M2.5 4h11M4.5 8h7M6.5 12h3"
} as const

export type GlyphName = keyof typeof shapes

export const Glyph = ({ name }: { readonly name: GlyphName }) => (
  <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
    <path d={shapes[name]} />
  </svg>
)
