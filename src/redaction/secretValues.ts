/**
 * Secrets known by their value, and how they are taken out of a text in every form they may have there.
 */
import { attempt } from "../plain/untrusted.js"

/** What stands in place of a secret. */
export const redacted = "<redacted>"

/** Longest part of a secret that is looked for as a whole: a longer one is looked for in parts. */
const maxPart = 64
/** Shortest base64 text looked for: below it, too much else looks the same. */
const minBase64 = 6

/** The texts a secret is found by, each under its first two characters. */
export class Needles {
  readonly #byStart = new Map<number, ReadonlyArray<string>>()
  /** How many needles begin like that: a look here is cheaper than one into the map. */
  readonly #starts = new Uint32Array(1_024)
  /** By how many secrets a text is asked for. */
  readonly #uses = new Map<string, number>()

  add(needles: ReadonlyArray<string>): void {
    for (const needle of needles) {
      const uses = this.#uses.get(needle) ?? 0
      this.#uses.set(needle, uses + 1)
      if (uses > 0) continue
      const start = startAt(needle, 0)
      this.#count(start, 1)
      this.#byStart.set(start, [...(this.#byStart.get(start) ?? []), needle])
    }
  }

  delete(needles: ReadonlyArray<string>): void {
    for (const needle of needles) {
      const uses = (this.#uses.get(needle) ?? 0) - 1
      if (uses > 0) {
        this.#uses.set(needle, uses)
        continue
      }
      this.#uses.delete(needle)
      const start = startAt(needle, 0)
      this.#count(start, -1)
      const left = (this.#byStart.get(start) ?? []).filter((other) => other !== needle)
      if (left.length === 0) this.#byStart.delete(start)
      else this.#byStart.set(start, left)
    }
  }

  /** The text without any of them. What is hidden already is left as it is. */
  hideIn(text: string): string {
    if (this.#byStart.size === 0) return text
    if (!text.includes(redacted)) return this.#hideInPart(text)
    return text
      .split(redacted)
      .map((part) => this.#hideInPart(part))
      .join(redacted)
  }

  #count(start: number, change: number): void {
    const slot = slotOf(start)
    this.#starts[slot] = (this.#starts[slot] ?? 0) + change
  }

  // Secrets may overlap in a text: everything that belongs to any of them goes.
  #hideInPart(text: string): string {
    let out = ""
    let copied = 0
    let from = -1
    let to = -1
    for (let i = 0; i < text.length - 1; i++) {
      const start = startAt(text, i)
      if (this.#starts[slotOf(start)] === 0) continue
      const needles = this.#byStart.get(start)
      if (needles === undefined) continue
      for (const needle of needles) {
        const end = i + needle.length
        if (end <= to || !text.startsWith(needle, i)) continue
        if (i > to) {
          if (from >= 0) out += text.slice(copied, from) + redacted
          copied = Math.max(to, 0)
          from = i
        }
        to = end
      }
    }
    return from < 0 ? text : out + text.slice(copied, from) + redacted + text.slice(to)
  }
}

const startAt = (text: string, i: number): number => (text.charCodeAt(i) << 16) | text.charCodeAt(i + 1)

const slotOf = (start: number): number => ((start >>> 16) * 31 + (start & 0xffff)) & 1_023

/** Longest part of a secret that is considered. */
const maxSecret = 4_096
/** Shortest secret that is known by its value. */
const minSecret = 4

/** Said so often that a text without them could not be read; as a secret they protect nothing. */
const common = new Set(
  (
    "true false null undefined none empty unknown string number boolean object array function error value default " +
    "password passwd secret token cookie session credential credentials authorization bearer basic digest apikey " +
    "admin administrator root user username guest test tests testing example sample demo dummy main public private " +
    "http https wss postgres postgresql mysql redis mongodb amqp localhost production development staging local"
  ).split(" ")
)

const isTelling = (value: string): boolean =>
  value.length >= minSecret && !common.has(value.toLowerCase()) && !redacted.includes(value)

/** Every text a secret may be found by. */
export const needlesOf = (secret: string): ReadonlyArray<string> => {
  const value = secret.slice(0, maxSecret).trim()
  const needles = new Set<string>()
  for (const part of [value, ...partsOf(value)]) {
    if (!isTelling(part)) continue
    for (const form of formsOf(part)) for (const piece of piecesOf(form)) needles.add(piece)
  }
  return Array.from(needles)
}

/** The same text as it stands in JSON, in a URL, and in base64. */
const formsOf = (value: string): ReadonlyArray<string> => {
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

/** What is secret in a header, a connection string or a list of assignments even when it stands alone. */
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
