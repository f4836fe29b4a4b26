import * as terminalText from "../../plain/terminalText.js"

/**
 * A program's text as a page shows it: whatever could hide, reorder the line or pass for something else is shown as the
 * escape that one would write for it in source, as a terminal shows it. Line breaks stay, and tabs become indentation.
 */
export const visible = (text: string): string => text.split(/\r?\n/).map(terminalText.code).join("\n")
