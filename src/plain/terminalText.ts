/**
 * A program's text on its way to a terminal. Whatever could move the cursor, change colours, reorder the line or hide
 * itself is shown as the escape one would write for it in source, e.g. `\x1b` or `\u202e`.
 */

/** Most texts, and none of them is unsafe. */
const plain = /^[\u0020-\u007e]*$/

/** Scripts whose letters a joiner between them shapes. */
const joined = [
  "Arabic",
  "Syriac",
  "Devanagari",
  "Bengali",
  "Gujarati",
  "Tamil",
  "Telugu",
  "Kannada",
  "Malayalam",
  "Sinhala"
]
  .map((script) => `\\p{Script=${script}}`)
  .join("")

/** Not where a joiner does its work: inside an emoji, and between such letters. */
const joiners = `(?!(?<=\\p{Extended_Pictographic}[\\ufe0f\\u{1f3fb}-\\u{1f3ff}]?)\\u200d\\p{Extended_Pictographic})(?!(?<=[${joined}])[\\u200c\\u200d][${joined}])`

/**
 * C0, DEL and C1; everything that is invisible or changes the direction of text, but for what chooses between two forms
 * of the character before it; line separators.
 */
const unsafe = new RegExp(
  `[\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\ufff9-\\ufffb]|${joiners}(?![\\ufe00-\\ufe0f])\\p{Default_Ignorable_Code_Point}`,
  "gu"
)

const named: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }

const escape = (character: string): string => {
  const code = character.codePointAt(0) ?? 0
  const short = named[character]
  if (short !== undefined) return short
  const digits = code.toString(16)
  if (code < 0x100) return `\\x${digits.padStart(2, "0")}`
  return code < 0x1_0000 ? `\\u${digits.padStart(4, "0")}` : `\\u{${digits}}`
}

/** The text on one line: line breaks are escaped too. */
export const line = (text: string): string => (plain.test(text) ? text : text.replace(unsafe, escape))

/** The text with its own line breaks, each line made safe. Trailing empty lines are dropped. */
export const lines = (text: string): ReadonlyArray<string> =>
  text
    .trimEnd()
    .split(/\r?\n/)
    .map((text) => line(text))

/** A line of source code: its tabs are indentation, not something to point out. */
export const code = (text: string): string => line(text.replaceAll("\t", "  "))
