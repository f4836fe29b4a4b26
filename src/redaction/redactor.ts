/**
 * The redactor in use, such that nothing it does reaches the program: one of a user's own may throw, or return nonsense.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { typeOf } from "../cause/thrownValue.js"
import * as PlainValue from "../plain/PlainValue.js"
import { byDefault, hiddenIn, isLoaded } from "./defaultRedactor.js"
import { redacted } from "./redacted.js"
import { isOurs, type Redactor } from "./redactorModel.js"

let wasTried = false

/** Whether loading was not tried yet. */
export const canLoad = (): boolean => !isLoaded() && !wasTried

/** Loads what hides secrets where no redactor is provided. It never fails: where it cannot, everything stays hidden. */
export const load: Effect.Effect<void> = /* @__PURE__ */ Effect.promise(() => {
  wasTried = true
  return import("./builtInRedactor.js").then(
    ({ useBuiltIn }) => useBuiltIn(),
    () => undefined
  )
})

/**
 * What hides secrets before anything leaves. Without a layer, the built-in names and shapes are hidden.
 *
 * @since 0.1.0
 * @category services
 */
export class Redaction extends Context.Reference<Redaction>()("effect-narrative/Redaction", {
  defaultValue: (): Redactor => byDefault
}) {}

// Asked for every text and value: `Context.get` takes several times as long.
const givenIn = (services: Context.Context<never>): Redactor => {
  const given: Redactor | undefined = services.unsafeMap.get(Redaction.key)
  if (given !== undefined) return given
  fallback ??= Context.get(services, Redaction)
  return fallback
}

let fallback: Redactor | undefined

/** The redactor among these services. What it cannot hide is hidden whole. */
export const redactorIn = (services: Context.Context<never>): Redactor => {
  const redactor = givenIn(services)
  return isOurs(redactor) ? redactor : guarded(redactor).redactor
}

/** The redactor in use where it is asked. */
export const current: Effect.Effect<Redactor> = Effect.contextWith(redactorIn)

/** What there is to say about the redactor among these services, once it failed. */
export const problemIn = (services: Context.Context<never>): string | undefined => {
  const redactor = givenIn(services)
  return isOurs(redactor) ? undefined : guarded(redactor).problem
}

interface Guarded {
  readonly redactor: Redactor
  problem: string | undefined
}

const known = new WeakMap<Redactor, Guarded>()

const guarded = (redactor: Redactor): Guarded => {
  const seen = known.get(redactor)
  if (seen !== undefined) return seen
  const asked = <A>(what: keyof Redactor, ask: () => A, otherwise: A): A => {
    try {
      return ask()
    } catch (error) {
      // Not what the error says: that may be what was to be hidden.
      guard.problem ??= `The Redaction in use failed (${what}: ${typeOf(error)}): whatever it fails for is hidden whole`
      return otherwise
    }
  }
  const guard: Guarded = {
    problem: undefined,
    redactor: {
      isSecretName: (name) => asked("isSecretName", () => redactor.isSecretName(name) !== false, true),
      value: (value, secrets) =>
        asked<PlainValue.PlainValue>("value", () => PlainValue.from(redactor.value(value, secrets)), redacted),
      record: (record, secrets) =>
        asked("record", () => PlainValue.fromRecord(redactor.record(record, secrets)), hiddenIn(record)),
      text: (text, secrets) => asked("text", () => textOf(redactor.text(text, secrets)), redacted),
      source: (line, secrets) => asked("source", () => textOf(redactor.source(line, secrets)), redacted)
    }
  }
  known.set(redactor, guard)
  return guard
}

const textOf = (answer: unknown): string => {
  if (typeof answer === "string") return answer
  throw new TypeError("not a text")
}
