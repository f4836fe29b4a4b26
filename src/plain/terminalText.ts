/**
 * A program's text on its way to a terminal. Whatever could move the cursor, change colours, reorder the line or hide
 * itself is shown as the escape one would write for it in source, e.g. `\x1b` or `\u202e`.
 */

/** C0, DEL and C1; invisible format characters; line separators; everything that changes the direction of text. */
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/

const unsafeAll = new RegExp(unsafe, "g")

const named: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }

const escape = (character: string): string => {
  const code = character.charCodeAt(0)
  const short = named[character]
  if (short !== undefined) return short
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`
}

/** The text on one line: line breaks are escaped too. */
export const line = (text: string): string => (unsafe.test(text) ? text.replace(unsafeAll, escape) : text)

/** The text with its own line breaks, each line made safe. Trailing empty lines are dropped. */
export const lines = (text: string): ReadonlyArray<string> =>
  text
    .trimEnd()
    .split(/\r?\n/)
    .map((text) => line(text))

/** A line of source code: its tabs are indentation, not something to point out. */
export const code = (text: string): string => line(text.replaceAll("\t", "  "))
