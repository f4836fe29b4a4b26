/**
 * What must never be shown: hidden by name, by type, by shape and by value, once, before anything leaves.
 *
 * A value is hidden when its name says so (`password`, `X-Api-Key`, `DB_TOKEN`), when it is `Redacted`, or when it looks
 * like a secret wherever it is (credentials in a URL, bearer tokens, keys of well-known services, private keys).
 * What was hidden under a name is remembered in {@link Secrets}, and removed from every other text as well: an error
 * message that repeats a password does not give it away.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { InvalidOption } from "../plain/InvalidOption.js"
import * as options from "../plain/options.js"
import type { PlainRecord, PlainValue } from "../plain/PlainValue.js"
import { type CopyPolicy, copy } from "../plain/plainCopy.js"
import { attempt } from "../plain/untrusted.js"
import { isName, type NameKind, type SecretNames, secretNames } from "./secretNames.js"
import { hideShapes, hideShapesInSource } from "./secretShapes.js"
import { Needles, needlesOf, redacted } from "./secretValues.js"

/**
 * What to hide besides the built-in names and shapes.
 *
 * @since 0.1.0
 * @category models
 */
export interface RedactionConfig {
  /** More secret names, matched like the built-in ones: in any case style, as whole words of a name. */
  readonly extra?: ReadonlyArray<string> | undefined
  /** Names matched by a regular expression, without regard to case. */
  readonly patterns?: ReadonlyArray<string | RegExp> | undefined
  /** Names found by a function. It is called once a name; when it throws, the value is hidden. */
  readonly predicate?: ((name: string) => boolean) | undefined
}

/**
 * Hides secrets. It never throws, whatever it is given. (One of your own may: what it fails for is hidden whole, and a
 * warning says so.)
 *
 * - `isSecretName`: whether a value of that name is hidden. `true`, `false` and `null` stay under a built-in name, and
 *   so do numbers under a name that counts (`promptTokens`); under a name of your own, all but `null` is hidden.
 * - `value`: a plain copy, with everything hidden that is secret by name (at any depth of objects, class instances,
 *   Maps, `Headers` and lists of `[name, value]` pairs), by type, by shape, or because it repeats something hidden.
 * - `record`: the same of named values.
 * - `text`: a text without what looks like a secret, and without the values in `secrets`. Hide before you cut: half a
 *   secret is not found.
 * - `source`: the same of a line of source code, where only literals are values: `password = readPassword()` stays.
 *
 * What `value` and `record` hide by name or type is added to `secrets`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Redactor {
  readonly isSecretName: (name: string) => boolean
  readonly value: (value: unknown, secrets?: Secrets) => PlainValue
  readonly record: (record: Readonly<Record<string, unknown>>, secrets?: Secrets) => PlainRecord
  readonly text: (text: string, secrets?: Secrets) => string
  readonly source: (line: string, secrets?: Secrets) => string
}

/**
 * The values that were hidden so far, so that they can be removed by value elsewhere: one for each story will do.
 *
 * It keeps the newest 200, and of each the first 4,096 characters. A value of less than 4 characters, or one that is
 * said everywhere (`true`, `admin`, `password`), is not removed by value.
 *
 * @since 0.1.0
 * @category models
 */
export class Secrets {
  /**
   * How many values were hidden under a name, or as `Redacted`.
   *
   * @since 0.1.0
   */
  hidden = 0
  // Most stories hide nothing.
  #needles: Needles | undefined
  readonly #known = new Map<string, ReadonlyArray<string>>()
  #version = 0

  /**
   * Remembers a value: {@link Redactor.text} removes it from then on, also as JSON, in a URL or in
   * base64.
   *
   * @since 0.1.0
   */
  add(value: string): void {
    const known = this.#known.get(value)
    if (known !== undefined) {
      // Said again, it is among the newest.
      this.#known.delete(value)
      this.#known.set(value, known)
      return
    }
    const needles = needlesOf(value)
    if (needles.length === 0) return
    this.#known.set(value, needles)
    this.#needles ??= new Needles()
    this.#needles.add(needles)
    this.#version += 1
    if (this.#known.size <= maxSecrets) return
    for (const [oldest, forgotten] of this.#known) {
      this.#known.delete(oldest)
      this.#needles.delete(forgotten)
      return
    }
  }

  /**
   * How often a new value was added.
   *
   * @internal
   */
  get version(): number {
    return this.#version
  }

  /**
   * The text without any of the values.
   *
   * @internal
   */
  hideIn(text: string): string {
    return this.#needles === undefined ? text : this.#needles.hideIn(text)
  }
}

/** Most values remembered. */
const maxSecrets = 200

/**
 * A redactor. An entry of `config` that cannot be used, such as a pattern that is no regular expression, makes it throw
 * an `InvalidOption`; {@link layer} fails with it instead.
 *
 * @example
 * ```ts
 * import * as assert from "node:assert"
 * import { Redaction } from "effect-narrative"
 *
 * const redactor = Redaction.make({ extra: ["iban"] })
 * const secrets = new Redaction.Secrets()
 *
 * assert.deepStrictEqual(redactor.value({ user: "ada", dbPassword: "hunter2", IBAN: "DE02120300000000202051" }, secrets), {
 *   user: "ada",
 *   dbPassword: "<redacted>",
 *   IBAN: "<redacted>"
 * })
 * assert.strictEqual(redactor.text("hunter2 was refused by https://ada:s3cret@db", secrets),
 *   "<redacted> was refused by https://<redacted>@db")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (config: RedactionConfig = {}): Redactor => Either.getOrThrowWith(parse(config), (error) => error)

/**
 * What hides secrets before anything leaves. Without a layer, the built-in names and shapes are hidden.
 *
 * @since 0.1.0
 * @category services
 */
export class Redaction extends Context.Reference<Redaction>()("effect-narrative/Redaction", {
  defaultValue: (): Redactor => builtIn()
}) {}

/**
 * Hides what `config` says besides the built-in names and shapes.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Narrative, Redaction } from "effect-narrative"
 *
 * export const program = Effect.succeed("done").pipe(
 *   Narrative.story("Import Customers", { attributes: { customerRef: "C-1234" } }),
 *   Effect.provide(Redaction.layer({ extra: ["customer_ref"], patterns: ["^x-internal-"] }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (config?: RedactionConfig): Layer.Layer<Redaction, InvalidOption> =>
  Layer.effect(Redaction, parse(config ?? {}))

const Name = Schema.String.pipe(Schema.filter(isName), options.takes("a name: a text with letters or digits"))

// `g` and `y` would make each answer depend on the one before.
const Pattern = Schema.transformOrFail(
  Schema.Union(Schema.String, Schema.instanceOf(RegExp)),
  Schema.instanceOf(RegExp),
  {
    strict: true,
    decode: (pattern, _, ast) =>
      ParseResult.try({
        try: () =>
          Predicate.isString(pattern)
            ? new RegExp(pattern, "i")
            : new RegExp(pattern.source, `${pattern.flags.replace(/[giy]/g, "")}i`),
        catch: (error) => new ParseResult.Type(ast, pattern, `a regular expression (${String(error)})`)
      }),
    encode: (pattern) => ParseResult.succeed(pattern)
  }
).pipe(options.takes("a text or a RegExp"))

const Config = Schema.Struct({
  extra: options.withDefault(Schema.Array(Name).pipe(options.takes("a list of names")), []),
  patterns: options.withDefault(Schema.Array(Pattern).pipe(options.takes("a list of texts and RegExps")), []),
  predicate: Schema.optional(options.functionOf<(name: string) => boolean>())
})

const decode = options.decode("Redaction", Config)

const parse = (config: RedactionConfig): Either.Either<Redactor, InvalidOption> =>
  Either.map(decode(config), ({ extra, patterns, predicate }) => fromNames(secretNames({ extra, patterns, predicate })))

/** What is secret by built-in names and shapes alone. @internal */
export const builtIn = (): Redactor => fromNames(secretNames({ extra: [], patterns: [], predicate: undefined }))

const fromNames = (names: SecretNames): Redactor => {
  const redactText = (text: string, secrets: Secrets | undefined): string => {
    const shaped = hideShapes(text, names)
    if (secrets === undefined) return shaped
    // Where a value is gone, what stands beside it may look different.
    const left = secrets.hideIn(shaped)
    return left === shaped ? shaped : hideShapes(left, names)
  }

  const redactValue = (value: unknown, given: Secrets | undefined): PlainValue => {
    const secrets = given ?? new Secrets()
    const before = secrets.version
    const first = copy(value, copyPolicy(names, secrets, redactText, true))
    // What stood before a secret may repeat it, and was copied when it was not known yet.
    return secrets.version === before ? first : copy(value, copyPolicy(names, secrets, redactText, false))
  }

  const redactor: Redactor = {
    isSecretName: (name) => names.kindOf(name) !== "open",
    value: redactValue,
    record: (record, secrets) => {
      const plain = redactValue(record, secrets)
      return Predicate.isReadonlyRecord(plain) ? (plain as PlainRecord) : { value: plain }
    },
    text: redactText,
    source: (line, secrets) => {
      const shaped = hideShapesInSource(line, names)
      const left = secrets?.hideIn(shaped) ?? shaped
      return left === shaped ? shaped : hideShapesInSource(left, names)
    }
  }
  ours.add(redactor)
  return redactor
}

const ours = new WeakSet<Redactor>()

/**
 * Whether it is one that was made here, and so never throws.
 *
 * @internal
 */
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
