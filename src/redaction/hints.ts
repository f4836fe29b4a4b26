/**
 * What there may be to hide in a text: one cheap look, as most texts hold nothing. Everything that is hidden has a hint; not
 * everything that has one is hidden.
 */
import { beginnings, isKeyAt } from "./serviceKeys.js"

/** A text has `=` or `:`, or literals in a row. */
export const sign = 1
export const list = 2
/** The key of a service; the word before credentials, or before a password; `--`; an address that is a secret, or `</`. */
export const key = 4
export const scheme = 8
export const spoken = 16
export const dashes = 32
export const slash = 64
export const marks = key | scheme | spoken | dashes | slash

/** What a character is: a letter or a digit, or a sign worth a second look. */
const ofWord = 1
const watched = 2
const kinds = new Uint8Array(128)
for (let code = 0; code < 128; code++) if (/[A-Za-z0-9]/.test(String.fromCharCode(code))) kinds[code] = ofWord
for (const char of "=:,-./~?|") kinds[char.charCodeAt(0)] = watched

const placeOf = (first: number, second: number, third: number): number => (first * 961 + second * 31 + third) & 4_095

/** By the first three characters of a word, its hints. Other words share a place by chance. */
const hintsOfWords = new Uint8Array(4_096)
const addWords = (hint: number, starts: ReadonlyArray<string>): void => {
  for (const start of starts) {
    const place = placeOf(start.charCodeAt(0), start.charCodeAt(1), start.charCodeAt(2))
    hintsOfWords[place] = (hintsOfWords[place] ?? 0) | hint
  }
}
/** In letters of either case. */
const inAnyCase = (start: string): ReadonlyArray<string> =>
  [...start].reduce<ReadonlyArray<string>>(
    (all, char) => all.flatMap((before) => [before + char, before + char.toUpperCase()]),
    [""]
  )
addWords(key, beginnings)
addWords(scheme, ["bea", "bas"].flatMap(inAnyCase))
addWords(spoken, ["pas", "pwd"].flatMap(inAnyCase))

export const hintsIn = (text: string): number => {
  let hints = 0
  const end = text.length
  for (let i = 0; i < end; i++) {
    let code = text.charCodeAt(i)
    let kind = kindOf(code)
    if (kind === ofWord) {
      if (i + 2 < end) {
        const word = hintsOfWords[placeOf(code, text.charCodeAt(i + 1), text.charCodeAt(i + 2))] ?? 0
        if (word !== 0) hints |= (word & key) === 0 || (hints & key) !== 0 || isKeyAt(text, i) ? word : word & ~key
      }
      do {
        i += 1
        if (i === end) return hints
        code = text.charCodeAt(i)
        kind = kindOf(code)
      } while (kind === ofWord)
    }
    if (kind === watched) hints |= hintAt(text, i, code)
  }
  return hints
}

const kindOf = (code: number): number => (code < 128 ? (kinds[code] ?? 0) : 0)

const hintAt = (text: string, i: number, code: number): number => {
  const before = i > 0 ? text.charCodeAt(i - 1) : 0
  const after = i + 1 < text.length ? text.charCodeAt(i + 1) : 0
  switch (code) {
    case 58: // `:`, and the `:AA` of a key
      return after === 65 ? sign | key : sign
    case 61: // =
      return sign
    case 63: // ??
    case 124: // ||
      return after === code ? sign : 0
    case 44: // a comma behind a quote
      return before === 34 || before === 39 || before === 96 ? list : 0
    case 45: // --flag, -----BEGIN; the -us of a key
      return after === 45 ? dashes : after === 117 ? key : 0
    case 46: // the .atlasv1. and the .GaBcDe. of keys
      return (after === 97 && text.startsWith("tlasv", i + 2)) || text.charCodeAt(i + 7) === 46 ? key : 0
    case 47: // hooks.slack.com/; </password>
      return before === 109 || before === 60 ? slash : 0
    default: // the Q~ of a key
      return before === 81 ? key : 0
  }
}
