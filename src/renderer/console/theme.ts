/**
 * What the output looks like: its glyphs and colours, decided once from the stream and the environment.
 */

export type Paint = (text: string) => string

export interface Colours {
  readonly dim: Paint
  readonly bold: Paint
  readonly good: Paint
  readonly bad: Paint
  readonly warning: Paint
  readonly place: Paint
  /** The colour of the n-th root story. */
  readonly story: (n: number) => Paint
}

export interface Glyphs {
  readonly story: string
  readonly started: string
  readonly completed: string
  readonly failed: string
  readonly cancelled: string
  readonly goesOn: string
  readonly retried: string
  readonly note: string
  readonly failure: string
  readonly handled: string
  readonly analysis: string
  /** For a millionth. */
  readonly micro: string
  readonly ellipsis: string
  readonly barDone: string
  readonly barLeft: string
  readonly spinner: ReadonlyArray<string>
}

export interface Theme {
  readonly isTerminal: boolean
  /** Whether lines may be drawn and taken back. */
  readonly isLive: boolean
  readonly colours: Colours
  readonly glyphs: Glyphs
}

export type Environment = Readonly<Record<string, string | undefined>>

export const make = (isTerminal: boolean, env: Environment): Theme => {
  const isDumb = env["TERM"] === "dumb"
  return {
    isTerminal,
    isLive: isTerminal && !isDumb && !isOn(env["CI"]),
    colours: hasColour(isTerminal && !isDumb, env) ? coloured : plain,
    glyphs: isTerminal && !hasUnicode(env) ? ascii : unicode
  }
}

const isOn = (value: string | undefined): boolean => Boolean(value) && value !== "0" && value !== "false"

const hasColour = (byDefault: boolean, env: Environment): boolean => {
  // https://no-color.org and https://force-color.org: an empty value counts as none.
  if (env["NO_COLOR"]) return false
  return env["FORCE_COLOR"] ? isOn(env["FORCE_COLOR"]) : byDefault
}

const hasUnicode = (env: Environment): boolean => {
  if (env["TERM"] === "linux") return false
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"]
  return !locale || /utf-?8/i.test(locale)
}

const unicode: Glyphs = {
  story: "▶",
  started: "▷",
  completed: "✔",
  failed: "✖",
  cancelled: "⊘",
  goesOn: "↗",
  retried: "↻",
  note: "•",
  failure: "❌",
  handled: "⚠",
  analysis: "◆",
  micro: "µ",
  ellipsis: "…",
  barDone: "━",
  barLeft: "─",
  spinner: ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]
}

const ascii: Glyphs = {
  story: ">",
  started: ">",
  completed: "[ok]",
  failed: "[FAIL]",
  cancelled: "-",
  goesOn: "->",
  retried: "~",
  note: "*",
  failure: "[FAIL]",
  handled: "[!]",
  analysis: "[i]",
  micro: "u",
  ellipsis: "...",
  barDone: "#",
  barLeft: "-",
  spinner: ["|", "/", "-", "\\"]
}

const same: Paint = (text) => text

const plain: Colours = {
  dim: same,
  bold: same,
  good: same,
  bad: same,
  warning: same,
  place: same,
  story: () => same
}

const sgr =
  (on: number, off: number): Paint =>
  (text) =>
    `\x1b[${on}m${text}\x1b[${off}m`

// Only the 16 colours that the user's own terminal theme defines; red, green and yellow are kept for what they mean.
const storyColours = [36, 35, 94, 96, 95].map((colour) => sgr(colour, 39))

const coloured: Colours = {
  dim: sgr(2, 22),
  bold: sgr(1, 22),
  good: sgr(32, 39),
  bad: sgr(31, 39),
  warning: sgr(33, 39),
  place: sgr(36, 39),
  story: (n) => storyColours[n % storyColours.length] ?? same
}
