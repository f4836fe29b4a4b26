/**
 * Removes secrets known by their value from texts.
 */
import { redacted } from "./redacted.js"

/** The forms of secrets, each under its first two characters. */
export class SecretMatcher {
  readonly #byStart = new Map<number, ReadonlyArray<string>>()
  /** How many forms begin like that: a look here is cheaper than one into the map. */
  readonly #starts = new Uint32Array(1_024)
  /** How many secrets have a form. */
  readonly #uses = new Map<string, number>()

  add(forms: ReadonlyArray<string>): void {
    for (const form of forms) {
      const uses = this.#uses.get(form) ?? 0
      this.#uses.set(form, uses + 1)
      if (uses > 0) continue
      const start = startAt(form, 0)
      this.#count(start, 1)
      this.#byStart.set(start, [...(this.#byStart.get(start) ?? []), form])
    }
  }

  delete(forms: ReadonlyArray<string>): void {
    for (const form of forms) {
      const uses = (this.#uses.get(form) ?? 0) - 1
      if (uses > 0) {
        this.#uses.set(form, uses)
        continue
      }
      this.#uses.delete(form)
      const start = startAt(form, 0)
      this.#count(start, -1)
      const left = (this.#byStart.get(start) ?? []).filter((other) => other !== form)
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
      const forms = this.#byStart.get(start)
      if (forms === undefined) continue
      for (const form of forms) {
        const end = i + form.length
        if (end <= to || !text.startsWith(form, i)) continue
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
