/**
 * Options, decoded by a Schema before anything is done with them. What cannot be used becomes an {@link InvalidOption}
 * that names the setting, what it takes and what it was given.
 */
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import { InvalidOption } from "./InvalidOption.js"
import { misspeltFor } from "./misspelt.js"
import { clip, text } from "./PlainValue.js"

const ExpectedId: unique symbol = Symbol.for("effect-narrative/options/Expected")
const SecretId: unique symbol = Symbol.for("effect-narrative/options/Secret")

/** Says what a Schema takes, in the words of the error: `a whole number of 1 or more`. */
export const takes =
  (expected: string) =>
  <S extends Schema.Annotable.All>(schema: S): Schema.Annotable.Self<S> =>
    schema.annotations({ [ExpectedId]: expected })

/** Keeps what was given, which may be secret, out of the error. */
export const secret = <S extends Schema.Annotable.All>(schema: S): Schema.Annotable.Self<S> =>
  schema.annotations({ [SecretId]: true })

/** An option with a default, used for `undefined` as well. */
export const withDefault = <A, I>(schema: Schema.Schema<A, I>, value: NoInfer<A>) =>
  Schema.optionalWith(schema, { default: () => value })

export const flag = Schema.Boolean.pipe(takes("true or false"))

export const wholeNumber = (least: number, most = Number.MAX_SAFE_INTEGER) =>
  Schema.Number.pipe(
    Schema.filter((value) => Number.isSafeInteger(value) && value >= least && value <= most),
    takes(
      most === Number.MAX_SAFE_INTEGER
        ? `a whole number of ${shown(least)} or more`
        : `a whole number from ${shown(least)} to ${shown(most)}`
    )
  )

export const share = Schema.Number.pipe(
  Schema.filter((value) => value > 0 && value <= 1),
  takes("a share above 0, and 1 at most")
)

/** With commas, as `toLocaleString("en")` has them, which takes a millisecond: options are read by every program that starts. */
const shown = (value: number): string => String(value).replaceAll(/\B(?=(?:\d{3})+$)/g, ",")

/** One of these texts. */
export const oneOf = <const Texts extends readonly [string, ...Array<string>]>(...texts: Texts) =>
  Schema.Literal(...texts).pipe(takes(alternatives(texts.map((one) => JSON.stringify(one)))))

/** `a, b or c`. */
export const alternatives = (all: ReadonlyArray<string>): string =>
  all.length < 2 ? all.join() : `${all.slice(0, -1).join(", ")} or ${all[all.length - 1]}`

export const nonEmptyText = Schema.String.pipe(
  Schema.filter((value) => value.trim() !== ""),
  takes("a text that is not empty")
)

/** A list of one or more. */
export const someOf = <A, I>(item: Schema.Schema<A, I>, expected: string) =>
  Schema.Array(item).pipe(Schema.minItems(1), takes(`a list of ${expected}`))

/** A value that `is` recognises, and that is passed on as it is. */
export const like = <A>(is: (value: unknown) => value is A, expected: string): Schema.Schema<A> =>
  Schema.declare(is).pipe(takes(expected))

/** A function, whose type cannot be checked any further. */
export const functionOf = <F extends (...args: ReadonlyArray<never>) => unknown>(
  expected = "a function"
): Schema.Schema<F> => like((value): value is F => Predicate.isFunction(value), expected)

/** A stream, which any object with its method can be. */
export const streamOf = <S extends NodeJS.WritableStream>(): Schema.Schema<S> =>
  like(
    (value): value is S => Predicate.hasProperty(value, "write") && Predicate.isFunction(value.write),
    "a stream with a write method"
  )

/** Variables, as `process.env` has them. */
export const environment = like(
  (value): value is Readonly<Record<string, string | undefined>> => Predicate.isReadonlyRecord(value),
  "a record of texts"
)

const DurationInput: Schema.Schema<Duration.DurationInput> = Schema.declare((value): value is Duration.DurationInput =>
  Option.isSome(Duration.decodeUnknown(value))
)

const Decoded = Schema.transform(DurationInput, Schema.DurationFromSelf, {
  strict: true,
  decode: Duration.decode,
  encode: (duration): Duration.DurationInput => duration
})

export const duration = Decoded.pipe(takes('a duration, such as "5 seconds"'))

export const finiteDuration = Decoded.pipe(
  Schema.filter(Duration.isFinite),
  takes('a finite duration, such as "5 seconds"')
)

/** `Infinity` included. */
export const positiveDuration = Decoded.pipe(
  Schema.filter((value) => Duration.toMillis(value) >= 1),
  takes('a duration of a millisecond or more, such as "5 seconds"')
)

/** Decodes the options of a module. `also` are the names of options of the same object that others decode. */
export const decode = <A, I>(
  module: string,
  schema: Schema.Schema<A, I>,
  also: ReadonlyArray<string> = []
): ((options: NoInfer<I>) => Either.Either<A, InvalidOption>) => {
  const decoded = Schema.decodeUnknownEither(schema)
  const misspelt = misspeltFor(module, schema.ast, also)
  return (options) => {
    const mistake = misspelt(options)
    return mistake === undefined
      ? Either.mapLeft(decoded(options), ({ issue }) => errorOf(module, options, issue))
      : Either.left(mistake)
  }
}

/** The same for a constructor of a plain value, which has no other way to fail: it throws. */
export const decodeOrThrow = <A, I>(module: string, schema: Schema.Schema<A, I>): ((options: NoInfer<I>) => A) => {
  const decoded = decode(module, schema)
  return (options) => Either.getOrThrowWith(decoded(options), (error) => error)
}

/** The error of options that are part of others, which know them by a name. */
export const within =
  (name: string) =>
  ({ advice, expected, given, meant, module, setting }: InvalidOption): InvalidOption =>
    new InvalidOption({
      module,
      setting: `${name}.${setting}`,
      expected,
      given,
      meant: meant && `${name}.${meant}`,
      advice
    })

/** Runs a constructor of a plain value, and fails with the {@link InvalidOption} that it throws. */
export const attempt = <A>(make: () => A): Effect.Effect<A, InvalidOption> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(make())
    } catch (error) {
      return error instanceof InvalidOption ? Effect.fail(error) : Effect.die(error)
    }
  })

const maxGiven = 200

/** What was given, as an error shows it. */
const givenText = (value: unknown): string => {
  if (value === undefined) return "undefined"
  if (Duration.isDuration(value)) return Duration.format(value)
  if (Predicate.isFunction(value)) return "a function"
  return clip(Predicate.isString(value) ? JSON.stringify(value) : text(value), maxGiven)
}

const errorOf = (module: string, options: unknown, issue: ParseResult.ParseIssue): InvalidOption => {
  const faults = faultsIn(issue, { path: [], expected: undefined, isSecret: false, isOptional: false })
  // Of a union's alternatives, the one that got furthest is the one that was meant.
  const { expected, isOptional, isSecret, path } = faults.reduce((best, one) =>
    isInside(one.path, best.path) ? one : best
  )
  const given = path.reduce<unknown>(
    (value, key) => (Predicate.hasProperty(value, key) ? value[key] : undefined),
    options
  )
  return new InvalidOption({
    module,
    setting: settingOf(path),
    expected,
    given: isSecret ? undefined : givenText(given),
    advice: isOptional ? "Change it, or leave it out for its default" : undefined
  })
}

const isInside = (path: ReadonlyArray<PropertyKey>, start: ReadonlyArray<PropertyKey>): boolean =>
  path.length > start.length && start.every((key, i) => key === path[i])

const settingOf = (path: ReadonlyArray<PropertyKey>): string =>
  path.length === 0
    ? "options"
    : path.map((key, i) => (typeof key === "number" ? `[${key}]` : `${i === 0 ? "" : "."}${String(key)}`)).join("")

/** What is known of the value at `path` on the way down to a fault in it. */
interface Around {
  readonly path: ReadonlyArray<PropertyKey>
  /** Said by the outermost Schema of that value: it knows best what a user may write. */
  readonly expected: string | undefined
  readonly isSecret: boolean
  readonly isOptional: boolean
}

interface Fault extends Around {
  readonly expected: string
}

const faultsIn = (issue: ParseResult.ParseIssue, around: Around): Arr.NonEmptyReadonlyArray<Fault> => {
  if (issue._tag === "Pointer") {
    return faultsIn(issue.issue, { ...around, path: [...around.path, ...Arr.ensure(issue.path)], expected: undefined })
  }
  if (issue._tag === "Unexpected") return [{ ...around, expected: around.expected ?? "no such option" }]
  const ast = issue._tag === "Missing" ? issue.ast.type : issue.ast
  const inside: Around = {
    ...around,
    expected: around.expected ?? Option.getOrUndefined(AST.getAnnotation<string>(ast, ExpectedId)),
    isSecret: around.isSecret || Option.isSome(AST.getAnnotation(ast, SecretId))
  }
  switch (issue._tag) {
    case "Composite": {
      const issues = "_tag" in issue.issues ? Arr.of(issue.issues) : issue.issues
      return Arr.flatMap(issues, (one) => faultsIn(one, { ...inside, isOptional: isOptional(issue.ast, one, inside) }))
    }
    case "Refinement":
    case "Transformation":
      return faultsIn(issue.issue, inside)
    default:
      return [{ ...inside, expected: issue.message ?? inside.expected ?? kindOf(ast) }]
  }
}

/** What a Schema takes that does not say so itself. */
const kindOf = (ast: AST.AST): string => {
  const options = AST.encodedAST(ast)
  if (!AST.isTypeLiteral(options)) return String(ast)
  const required = options.propertySignatures.filter(({ isOptional }) => !isOptional).map(({ name }) => String(name))
  return required.length === 0 ? "an object" : `an object with ${required.join(", ")}`
}

/** Whether an option may be left out; what has no name is as optional as what it is in. */
const isOptional = (ast: AST.AST, issue: ParseResult.ParseIssue, around: Around): boolean => {
  if (!AST.isTypeLiteral(ast) || issue._tag !== "Pointer") return around.isOptional
  const [name] = Arr.ensure(issue.path)
  return ast.propertySignatures.some((property) => property.name === name && property.isOptional)
}
