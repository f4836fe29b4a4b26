/**
 * The forms in which a secret may be in a text, where it is known by its value.
 */
import { attempt } from "../plain/untrusted.js"
import { isPlaceholder } from "./ordinaryText.js"
import { redacted } from "./redacted.js"

/** Longest part of a secret that is looked for as a whole: a longer one is looked for in parts. */
const maxPart = 64
/** Shortest base64 text looked for: below it, too much else looks the same. */
const minBase64 = 6

/** Longest part of a secret that is considered. */
const maxSecret = 4_096
/** Shortest secret that is known by its value. */
const minSecret = 4

/** Used so often that a text without them could not be read; as a secret they protect nothing. */
const common = new Set(
  (
    "true false null undefined none empty unknown string number boolean object array function error value default " +
    "password passwd secret token cookie session credential credentials authorization bearer basic digest apikey " +
    "admin administrator root user username guest test tests testing example sample demo dummy main public private " +
    "http https wss postgres postgresql mysql redis mongodb amqp localhost production development staging local"
  ).split(" ")
)

const isTelling = (value: string): boolean =>
  value.length >= minSecret && !common.has(value.toLowerCase()) && !redacted.includes(value) && !isPlaceholder(value)

/** Every text by which a secret may be found. */
export const formsOf = (secret: string): ReadonlyArray<string> => {
  const value = secret.slice(0, maxSecret).trim()
  const forms = new Set<string>()
  for (const part of [value, ...partsOf(value)]) {
    if (!isTelling(part)) continue
    for (const form of encodingsOf(part)) for (const piece of piecesOf(form)) forms.add(piece)
  }
  return Array.from(forms)
}

/** The same text as it is in JSON, in a URL, and in base64. */
const encodingsOf = (value: string): ReadonlyArray<string> => {
  const json = JSON.stringify(value).slice(1, -1)
  const url = attempt(() => encodeURIComponent(value), value)
  const form = attempt(() => new URLSearchParams({ v: value }).toString().slice(2), value)
  return [
    value,
    json,
    JSON.stringify(json).slice(1, -1),
    url,
    url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    form,
    ...base64Of(value)
  ]
}

/** In base64 a text looks different at each of three positions: what its neighbours have no part in, of each. */
const base64Of = (value: string): ReadonlyArray<string> => {
  const bytes = Buffer.from(value)
  const alone = bytes.length < minSecret ? [] : [bytes.toString("base64"), bytes.toString("base64url")]
  const within = [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64")
    const from = Math.ceil((offset * 8) / 6)
    const own = encoded.slice(from, Math.floor(((offset + bytes.length) * 8) / 6))
    return own.length < minBase64 ? [] : [own, own.replaceAll("+", "-").replaceAll("/", "_")]
  })
  return [...alone, ...within]
}

const piecesOf = (form: string): ReadonlyArray<string> => {
  if (form.length <= maxPart) return [form]
  const pieces: Array<string> = []
  for (let i = 0; i + maxPart < form.length; i += maxPart) pieces.push(form.slice(i, i + maxPart))
  pieces.push(form.slice(-maxPart))
  return pieces
}

/** Shortest part of a secret that is one of its own. */
const minOwnPart = 8

/** What is secret in a header, a connection string or a list of assignments even by itself. */
const partsOf = (value: string): ReadonlyArray<string> => {
  const parts: Array<string> = []
  const scheme = /^(?:bearer|basic|token|apikey|digest)\s+(\S+)$/i.exec(value)?.[1]
  if (scheme !== undefined) {
    parts.push(scheme)
    const decoded = Buffer.from(scheme, "base64").toString()
    const password = /^[\x20-\x7e]+:([\x20-\x7e]+)$/.exec(decoded)?.[1]
    if (password !== undefined) parts.push(password)
  }
  const password = /^[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/?#:@]{0,256}:([^\s/?#@]{1,1024})@/i.exec(value)?.[1]
  if (password !== undefined)
    parts.push(
      password,
      attempt(() => decodeURIComponent(password), password)
    )
  for (const [, assigned = ""] of value.matchAll(/=([^\s;&"']+)/g)) {
    if (assigned.length >= minOwnPart && parts.length < 20) parts.push(assigned)
  }
  return parts
}
