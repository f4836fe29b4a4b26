/** What JSON may leave unescaped, but terminals and line-based readers obey: DEL, the C1 controls, Unicode's line breaks. */
const leftByJson = /[\u007f-\u009f\u2028\u2029]/g

/** A value as JSON in which no character is a control character. */
export const plainJson = (value: unknown): string =>
  JSON.stringify(value).replace(leftByJson, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)
