/**
 * How a text looks, where that decides whether it may be a secret: like words and places, or like something a machine made.
 */

/** Words for what has no value, or for what a value has to be put in: `<not set>`, `${TOKEN}`, `****`. */
export const isPlaceholder = (value: string): boolean =>
  value.length <= 64 &&
  (/^(?:<[a-z][a-z _'-]*>|\[[a-z][a-z _'-]*\]|\([a-z][a-z _'-]*\)|\$?\{{1,2}\s*[\w.]+\s*\}{1,2}|\$[A-Z_]+|%\w+%)$/i.test(
    value
  ) ||
    /^(.)\1*$/.test(value) ||
    /^(?:n\/a|tbd|todo|change[-_]?me|replace[-_]?me|your[-_][a-z_-]+|not[-_ ]set)$/i.test(value))

/** `DB_PASSWORD`: the name of a setting. */
const settingName = /^[A-Z][A-Z0-9]{0,31}(?:_[A-Z0-9]{1,32}){1,8}$/

const word = "(?:[A-Z]?[a-z]{1,31}|[A-Z]{2,32})"

/** What is no secret by its form: a date, a version, an address, a path, words. */
const ordinary = new RegExp(
  `^(?:${[
    "\\d{4}-\\d{2}-\\d{2}(?:[T ][\\d:.]+(?:Z|[+-]\\d{2}:?\\d{2})?)?",
    "v?\\d{1,6}(?:\\.\\d{1,6}){1,3}(?:[-+][a-z]{1,8}(?:\\.?\\d{1,4})?)?",
    "[a-z][a-z0-9+.-]{1,12}://[^@]{0,512}",
    "(?:\\.{0,2}/|[A-Za-z]:\\\\)[\\w./\\\\ -]{1,512}",
    "[\\w.+-]{1,64}@[\\w-]{1,64}(?:\\.[\\w-]{1,64}){1,4}",
    "0x[0-9a-fA-F]{40}",
    `${word}(?:[A-Z][a-z]{1,31}){1,4}\\d{1,4}`,
    `${word}(?:[-_.:/]${word}){0,8}[-_.:]\\d{1,4}`,
    `${word}\\d{0,2}(?:[-_.:/]${word}\\d{0,2}){1,8}`
  ].join("|")})$`
)

export const isOrdinary = (value: string): boolean =>
  value.length <= 512 && (ordinary.test(value) || settingName.test(value) || isPlaceholder(value))

export const isSettingName = (value: string): boolean => settingName.test(value)

/** Shortest text that looks generated. */
const minGenerated = 8
const maxGenerated = 4_096

/** Letters and digits in one word, or letters whose case changes too often: made by a machine, or a password. */
export const isGenerated = (value: string): boolean => {
  if (value.length < minGenerated || /\s/.test(value) || isOrdinary(value)) return false
  const text = value.slice(0, maxGenerated)
  if (/\d/.test(text)) return /[A-Za-z]/.test(text)
  const changes = text.match(/[a-z][A-Z]|[A-Z]{2}[a-z]/g)?.length ?? 0
  return text.length >= 2 * minGenerated && changes >= text.length / 6
}
