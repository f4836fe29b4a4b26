/**
 * A program's text on its way to Slack. Slack obeys what is between `<` and `>` (mentions, channels, links), so
 * nothing of a program's may bring one along; nor may it end a code block, reorder a line, or outgrow Slack's limits.
 */
import * as terminalText from "../../plain/terminalText.js"

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" }

/** Half of a character, which no UTF-8 can hold. */
const halves = /\p{Surrogate}/gu

/** On one line, with whatever a reader could not see shown as an escape. */
export const line = (text: string, max: number): string =>
  escaped(terminalText.line(text).replace(halves, "\ufffd"), max)

/** With its own line breaks. */
export const lines = (text: string, max: number): string =>
  escaped(terminalText.lines(text).join("\n").replace(halves, "\ufffd"), max)

const fence = "```"
/** Between backticks: two in a row are no fence, whatever comes next. */
const apart = "\u200b"

/** A code block, its fences included in `max`. */
export const codeBlock = (text: string, max: number): string => {
  const code = terminalText.lines(text.replaceAll("\t", "  ")).join("\n").replace(halves, "\ufffd")
  const inside = escaped(code.replace(/`(?=`)/g, `\`${apart}`), max - 2 * fence.length - 2)
  return `${fence}\n${inside}\n${fence}`
}

const ellipsis = "…"

/** Escaped, and at most `max` UTF-16 code units long: an entity or a character is kept whole or left out. */
const escaped = (text: string, max: number): string => {
  const whole = text.replace(/[&<>]/g, (char) => entities[char] ?? char)
  if (whole.length <= max) return whole
  let out = ""
  for (const char of text) {
    const next = entities[char] ?? char
    if (out.length + next.length > max - ellipsis.length) break
    out += next
  }
  return out + ellipsis
}
