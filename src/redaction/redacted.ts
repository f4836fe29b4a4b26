/** What is in place of a secret. */
export const redacted = "<redacted>"
