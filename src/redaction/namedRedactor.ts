/**
 * The redactor that a set of secret names makes.
 */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import { remembering } from "../plain/lruCache.js"
import type { PlainRecord, PlainValue } from "../plain/PlainValue.js"
import { type CopyPolicy, clip, copy } from "../plain/plainCopy.js"
import { attempt, brandOf } from "../plain/untrusted.js"
import { flatRecords } from "./flatRecord.js"
import { isGenerated, isOrdinary, isSettingName } from "./ordinaryText.js"
import { redacted } from "./redacted.js"
import { markOurs, type Redactor } from "./redactorModel.js"
import { isCounting, isWord, type NameKind, type SecretNames } from "./secretNames.js"
import { hideShapes, hideShapesInSource } from "./secretShapes.js"
import { maxSecrets, Secrets } from "./secrets.js"
import { isRemark } from "./valuesInText.js"

/** Most pieces of source whose redacted form is remembered, and the longest of them. */
const maxSources = 256
const maxSource = 1_000

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

  const hiddenInSource = (source: string) => {
    const literals: Array<{ readonly literal: string; readonly kind: NameKind }> = []
    const shown = hideShapesInSource(source, names, (literal, kind) => {
      if (isInitializer(literal)) literals.push({ literal, kind })
    })
    return { shown, literals }
  }
  // The same few lines fail again and again.
  const inSource = remembering(maxSources, hiddenInSource)

  const inFlatRecord = flatRecords(names)

  const redactor: Redactor = {
    isSecretName: (name) => names.kindOf(name) !== "open",
    value: redactValue,
    record: (record, secrets) => {
      const flat = attempt(() => inFlatRecord(record, secrets), undefined)
      if (flat !== undefined) return flat
      const plain = redactValue(record, secrets)
      return Predicate.isReadonlyRecord(plain) ? (plain as PlainRecord) : { value: plain }
    },
    text: redactText,
    source: (source, secrets) => {
      const { literals, shown } = source.length <= maxSource ? inSource(source) : hiddenInSource(source)
      if (secrets === undefined) return shown
      for (const { kind, literal } of literals) if (isCollected(literal, kind, names)) secrets.add(literal)
      const left = secrets.hideIn(shown)
      return left === shown ? shown : hideShapesInSource(left, names)
    }
  }
  markOurs(redactor)
  return redactor
}

/** Whether a hidden literal is hidden elsewhere, too: neither a template, nor the words of a message. */
const isInitializer = (literal: string): boolean =>
  !/\s|\$\{/.test(literal) && literal.length >= minSourced && !isRemark(literal)

/** Shortest literal of source code that is removed by value. */
const minSourced = 6

const copyPolicy = (
  names: SecretNames,
  secrets: Secrets,
  redactText: (text: string, secrets: Secrets) => string,
  isFirst: boolean
): CopyPolicy => {
  const hide = (kind: NameKind, value: unknown) => {
    if (isFirst) {
      secrets.hidden += 1
      collect(value, kind, names, secrets)
    }
    return redacted
  }
  const named = (name: string, value: unknown) => {
    const kind = names.kindOf(name)
    return isShown(kind, value) ? undefined : hide(kind, value)
  }
  const policy: CopyPolicy = {
    named,
    listed: (before, value, isPair) => {
      const kind = kindOfListed(before, value, isPair, names)
      return isShown(kind, value) ? undefined : hide(kind, value)
    },
    inside: (name) => (isWord(names.kindOf(name)) ? insideWord : undefined),
    text: (text) => redactText(text, secrets),
    redacted: (value) => {
      if (!isFirst) return
      secrets.hidden += 1
      collectRedacted(value, secrets)
    }
  }
  const insideWord: CopyPolicy = {
    ...policy,
    named: (name, value) => {
      const shown = named(name, value)
      if (shown !== undefined || typeof value !== "string" || !isGenerated(value)) return shown
      return otherId.test(name) && names.kindOf(name) === "open"
        ? clip(redactText(value, secrets))
        : hide("secret", value)
    },
    inside: () => undefined,
    text: (text, isName) => {
      if (!isGenerated(text) || (isName && text.length < minInnerName)) return redactText(text, secrets)
      hide("secret", text)
      return redacted
    }
  }
  return policy
}

/** `speakerId`, `hall_id` */
const otherId = /[a-z\d](?:Id|ID|Ids|[_-]ids?)$/

/** What a list's entry is, that comes after a text: the value of that name, if it is one. */
const kindOfListed = (before: string, value: unknown, isPair: boolean, names: SecretNames): NameKind => {
  if (before.length > maxListedName || typeof value === "object") return "open"
  const flag = /^--?([A-Za-z][\w-]*)$/.exec(before)?.[1]
  if (flag !== undefined) {
    if (typeof value !== "string" || value.startsWith("-")) return "open"
    // `curl -u name:password`, but not the user and group of `docker run -u 1000:1000`.
    return /^(?:u|user)$/.test(flag) && /^[^\s:/]+:(?!\d+$)[^\s/]+$/.test(value) ? "secret" : names.kindOf(flag)
  }
  if (/\s/.test(before)) return "open"
  const kind = names.kindOf(before)
  if (kind === "open" || isPair) return kind
  // A list of names, more likely than one of names and values.
  return typeof value === "string" && isGenerated(value) ? kind : "open"
}

const maxListedName = 64

/** Whether a value says nothing that its name asks to hide. */
const isShown = (kind: NameKind, value: unknown): boolean => {
  if (kind === "open" || value === null || value === undefined) return true
  if (kind === "own") return false
  if (typeof value === "boolean" || typeof value === "function" || value === "") return true
  if (isCounting(kind) && (typeof value === "number" || isCounts(value))) return true
  return isWord(kind) && typeof value === "object" && !attempt(() => isScalar(value, kind), true)
}

/** Whether what is under a word of other trades is one value, or a list of such. */
const isScalar = (value: object, kind: NameKind): boolean => {
  if (Array.isArray(value)) return kind === "word" && !value.slice(0, maxSecrets).some(Predicate.isObject)
  if (value instanceof Uint8Array || value instanceof String || brandOf(value) === "URL") return true
  const held = heldBy(value)
  return held !== undefined && !Predicate.isObject(held)
}

/** What an `Option` or an `Either` holds. */
const heldBy = (value: object): unknown => {
  const field = (name: string): unknown => Object.getOwnPropertyDescriptor(value, name)?.value
  return Option.isOption(value)
    ? field("value")
    : Either.isEither(value)
      ? (field("right") ?? field("left"))
      : undefined
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
const collect = (value: unknown, kind: NameKind, names: SecretNames, secrets: Secrets): void => {
  switch (typeof value) {
    case "string":
      if (isCollected(value, kind, names)) secrets.add(value)
      return
    case "number":
    case "bigint": {
      const digits = String(value)
      if (digits.length >= minDigits) secrets.add(digits)
      return
    }
    case "object":
      collectIn(value, kind, names, secrets)
  }
}

/** Whether a text is hidden elsewhere because it was hidden here: not the word that a lexer calls a token. */
const isCollected = (text: string, kind: NameKind, names: SecretNames): boolean => {
  if (isSettingName(text) && names.kindOf(text) !== "open") return false
  return !isWord(kind) || text.length >= 2 * minInner || (/\d/.test(text) && !isOrdinary(text))
}

const collectIn = (value: object | null, kind: NameKind, names: SecretNames, secrets: Secrets): void => {
  for (const text of attempt(() => textsIn(value), [])) if (isCollected(text, kind, names)) secrets.add(text)
  const policy: CopyPolicy = {
    named: (name, inner) => {
      if (typeof inner !== "string" || names.kindOf(name) === "open") return undefined
      collect(inner, kind, names, secrets)
      return redacted
    },
    listed: () => undefined,
    inside: () => undefined,
    text: (text, isName) => {
      const isSecret = isName
        ? text.length >= minInnerName && /\d/.test(text)
        : text.length >= minInner && !isOrdinary(text)
      if (isSecret && isCollected(text, kind, names)) secrets.add(text)
      return text
    },
    redacted: (inner) => collectRedacted(inner, secrets)
  }
  copy(value, policy)
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
