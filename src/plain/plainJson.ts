/**
 * What JSON may leave unescaped, but terminals and line-based readers obey: DEL, the C1 controls, Unicode's line breaks,
 * and what turns the direction of text.
 */
const leftByJson = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** A value as JSON in which no character is a control character. */
export const plainJson = (value: unknown): string =>
  JSON.stringify(value).replace(leftByJson, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)
