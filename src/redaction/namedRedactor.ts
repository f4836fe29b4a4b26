/**
 * The redactor that a set of secret names makes.
 */
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import { remembering } from "../plain/lruCache.js"
import type { PlainRecord, PlainValue } from "../plain/PlainValue.js"
import { type CopyPolicy, copy } from "../plain/plainCopy.js"
import { attempt } from "../plain/untrusted.js"
import type { Redactor } from "./redactorModel.js"
import { redacted } from "./secretForms.js"
import { type NameKind, type SecretNames, secretNames } from "./secretNames.js"
import { hideShapes, hideShapesInSource } from "./secretShapes.js"
import { maxSecrets, Secrets } from "./secrets.js"

/** What is secret by built-in names and shapes alone. */
export const builtIn = (): Redactor => fromNames(secretNames({ extra: [], patterns: [], predicate: undefined }))

/** Most lines of source whose redacted form is remembered, and the longest of them. */
const maxLines = 256
const maxLine = 400

export const fromNames = (names: SecretNames): Redactor => {
  const redactText = (text: string, secrets: Secrets | undefined): string => {
    const shaped = hideShapes(text, names)
    if (secrets === undefined) return shaped
    // Where a value is gone, what is beside it may look different.
    const left = secrets.hideIn(shaped)
    return left === shaped ? shaped : hideShapes(left, names)
  }

  const redactValue = (value: unknown, given: Secrets | undefined): PlainValue => {
    const secrets = given ?? new Secrets()
    const before = secrets.version
    const first = copy(value, copyPolicy(names, secrets, redactText, true))
    // What is before a secret may repeat it, and was copied when it was not known yet.
    return secrets.version === before ? first : copy(value, copyPolicy(names, secrets, redactText, false))
  }

  // The same few lines fail again and again.
  const inSource = remembering(maxLines, (line) => hideShapesInSource(line, names))

  const redactor: Redactor = {
    isSecretName: (name) => names.kindOf(name) !== "open",
    value: redactValue,
    record: (record, secrets) => {
      const plain = redactValue(record, secrets)
      return Predicate.isReadonlyRecord(plain) ? (plain as PlainRecord) : { value: plain }
    },
    text: redactText,
    source: (line, secrets) => {
      const shaped = line.length <= maxLine ? inSource(line) : hideShapesInSource(line, names)
      const left = secrets?.hideIn(shaped) ?? shaped
      return left === shaped ? shaped : hideShapesInSource(left, names)
    }
  }
  ours.add(redactor)
  return redactor
}

const ours = new WeakSet<Redactor>()

/** Whether it is one that was made here, and so never throws. */
export const isOurs = (redactor: Redactor): boolean => ours.has(redactor)

const copyPolicy = (
  names: SecretNames,
  secrets: Secrets,
  redactText: (text: string, secrets: Secrets) => string,
  isFirst: boolean
): CopyPolicy => ({
  named: (name, value) => {
    if (isShown(names.kindOf(name), value)) return undefined
    if (isFirst) {
      secrets.hidden += 1
      collect(value, names, secrets)
    }
    return redacted
  },
  text: (text) => redactText(text, secrets),
  redacted: (value) => {
    if (!isFirst) return
    secrets.hidden += 1
    collectRedacted(value, secrets)
  }
})

/** Whether a value says nothing that its name asks to hide. */
const isShown = (kind: NameKind, value: unknown): boolean => {
  if (kind === "open" || value === null || value === undefined) return true
  if (kind === "own") return false
  if (typeof value === "boolean" || typeof value === "function" || value === "") return true
  return kind === "counting" && (typeof value === "number" || isCounts(value))
}

/** `{ prompt: 12, completion: 30 }`: numbers by plain names. */
const isCounts = (value: unknown): boolean =>
  attempt(
    () =>
      Predicate.isRecord(value) &&
      Object.getPrototypeOf(value) === Object.prototype &&
      Object.entries(Object.getOwnPropertyDescriptors(value)).every(
        ([name, property]) => typeof property.value === "number" && /^[A-Za-z_]{1,32}$/.test(name)
      ),
    false
  )

/** Shortest text inside a hidden object that is taken for a secret: the others are mostly words. */
const minInner = 8
/** Shortest name inside a hidden object that is taken for a secret, as an id that sessions are kept by. */
const minInnerName = 16
/** Most bytes read as a text. */
const maxBytes = 4_096
/** Shortest number that is removed by value. */
const minDigits = 6

/** Remembers what a hidden value holds. */
const collect = (value: unknown, names: SecretNames, secrets: Secrets): void => {
  switch (typeof value) {
    case "string":
      secrets.add(value)
      return
    case "number":
    case "bigint": {
      const digits = String(value)
      if (digits.length >= minDigits) secrets.add(digits)
      return
    }
    case "object":
      for (const text of attempt(() => textsIn(value), [])) secrets.add(text)
      copy(value, {
        named: (name, inner) => {
          if (typeof inner !== "string" || names.kindOf(name) === "open") return undefined
          secrets.add(inner)
          return redacted
        },
        text: (text, isName) => {
          if (isName ? text.length >= minInnerName && /\d/.test(text) : text.length >= minInner) secrets.add(text)
          return text
        },
        redacted: (inner) => collectRedacted(inner, secrets)
      })
  }
}

/** The texts of a list, or of bytes that are one: each a secret of its own. */
const textsIn = (value: object | null): ReadonlyArray<string> => {
  if (value instanceof Uint8Array) return [Buffer.from(value.subarray(0, maxBytes)).toString()]
  return Array.isArray(value) || value instanceof Set
    ? Array.from(value).slice(0, maxSecrets).filter(Predicate.isString)
    : []
}

const collectRedacted = (value: Redacted.Redacted<unknown>, secrets: Secrets): void => {
  // Reading one that was wiped throws.
  const hidden = attempt(() => Redacted.value(value), undefined)
  if (typeof hidden === "string") secrets.add(hidden)
}
