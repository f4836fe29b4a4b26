/**
 * A program's text as a page shows it: whatever could hide, reorder the line or pass for something else is shown as the
 * escape that one would write for it in source, as a terminal shows it.
 */

/** C0, DEL and C1; invisible format characters; line separators; everything that changes the direction of text. */
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/

const unsafeInLine = new RegExp(unsafe, "g")

const escape = (character: string): string => {
  if (character === "\r") return "\\r"
  const code = character.charCodeAt(0)
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`
}

/** Line breaks stay, and tabs become indentation. */
export const visible = (text: string): string =>
  unsafe.test(text)
    ? text
        .split(/\r?\n/)
        .map((line) => line.replaceAll("\t", "  ").replace(unsafeInLine, escape))
        .join("\n")
    : text
