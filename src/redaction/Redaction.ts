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
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { InvalidOption } from "../plain/InvalidOption.js"
import * as options from "../plain/options.js"
import { useBuiltIn } from "./builtInRedactor.js"
import { fromNames } from "./namedRedactor.js"
import { Redaction } from "./redactor.js"
import type { Redactor } from "./redactorModel.js"
import { isName, secretNames } from "./secretNames.js"

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

export {
  /**
   * @since 0.1.0
   * @category services
   */
  Redaction
} from "./redactor.js"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  Redactor
} from "./redactorModel.js"

export {
  /**
   * @since 0.1.0
   * @category models
   */
  Secrets
} from "./secrets.js"

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

useBuiltIn()

const parse = (config: RedactionConfig): Either.Either<Redactor, InvalidOption> =>
  Either.map(decode(config), ({ extra, patterns, predicate }) => fromNames(secretNames({ extra, patterns, predicate })))
