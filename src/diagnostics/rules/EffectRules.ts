/**
 * What Effect's own errors and defects mean.
 */
import type { Clues, Rule } from "./Rule.js"

const setting =
  (reason: string) =>
  ({ text }: Clues): boolean =>
    text("reason") === reason

const has =
  (form: RegExp, ...types: ReadonlyArray<string>) =>
  ({ said }: Clues): boolean =>
    said(form, ...types) !== undefined

/** How a setting is written in the environment: `SERVER_PORT` for `SERVER.PORT`. */
const variable = ({ text }: Clues): string | undefined => {
  const path = text("setting")
  return path === undefined || !path.includes(".")
    ? undefined
    : `In the environment it is \`${path.replaceAll(".", "_")}\`, unless the provider joins paths differently.`
}

export const effectRules: ReadonlyArray<Rule> = [
  {
    id: "service-missing",
    when: "A service was used that is not provided.",
    match: { facts: ["service"] },
    fits: has(/^Service not found/),
    hint: "Provide its layer around this effect with `Effect.provide`. The types show it, unless a cast hides `R`, or two copies of a package hold two tags.",
    evidence: ["service"]
  },
  {
    id: "setting-missing",
    when: "A setting is missing.",
    match: { types: ["ConfigError"] },
    fits: setting("MissingData"),
    hint: "Set it where this process reads its configuration, or give it a default with `Config.withDefault`.",
    detail: variable,
    evidence: ["setting", "reason"]
  },
  {
    id: "setting-invalid",
    when: "A setting has a value it cannot have.",
    match: { types: ["ConfigError"] },
    fits: setting("InvalidData"),
    hint: "Correct its value. A default does not help: it is used only for a setting that is missing.",
    detail: variable,
    evidence: ["setting", "reason"]
  },
  {
    id: "setting-unreadable",
    when: "The source of the settings could not be read.",
    match: { types: ["ConfigError"] },
    fits: (clues) => setting("SourceUnavailable")(clues) || setting("Unsupported")(clues),
    hint: "Check the configuration provider: the file or service it reads from.",
    evidence: ["setting", "reason"]
  },
  {
    id: "schema-mismatch",
    when: "A value does not match its schema.",
    match: { types: ["ParseError", "ZodError", "ValiError", "SchemaError"] },
    hint: "Correct the value at its source, or the schema where the value is right.",
    detail: ({ failure, said }) => {
      if (said(/is missing/) !== undefined && /is missing/.test(failure.exactCause))
        return "A field that may be left out is `Schema.optional`."
      if (/actual null/.test(failure.exactCause)) return "A field that may be null is `Schema.NullOr`."
      return /Expected number, actual "/.test(failure.exactCause)
        ? "A number that comes as text is `Schema.NumberFromString`."
        : undefined
    },
    evidence: ["field", "issues"]
  },
  {
    id: "option-none",
    when: "A value was asked for where there was none: an Option was None, or a collection empty.",
    match: { types: ["NoSuchElementException"] },
    hint: "Say what to do without it: `Option.match`, `Option.getOrElse`, or fail with an error of your own that says what was looked for."
  },
  {
    id: "timeout",
    when: "Something took longer than it was given.",
    match: { types: ["TimeoutException", "TimeoutError"] },
    hint: "Find out what it was waiting for; give it more time only if so long is right."
  },
  {
    id: "circuit-open",
    when: "A circuit breaker did not let the call through.",
    match: {
      types: ["CircuitOpen", "CircuitOpenError", "CircuitBreakerOpen", "BrokenCircuitError", "CircuitOpenException"]
    },
    hint: "Look at the failures before it: they opened the circuit. It closes by itself when calls succeed again."
  },
  {
    id: "aborted",
    when: "A signal aborted the work.",
    match: { types: ["AbortError"] },
    hint: "Nothing, where whoever asked has gone. Else look for who aborts the signal, and whether it is shared."
  },
  {
    id: "interrupted",
    when: "The fiber was interrupted.",
    match: { types: ["InterruptedException", "Interrupted"] },
    hint: "Nothing, where it was meant to stop. Else look for a race, a timeout or a scope that closes before this is done."
  },
  {
    id: "sync-run-of-async",
    when: "An effect that waits was run with `runSync`.",
    match: { types: ["AsyncFiberException"] },
    hint: "Run it with `Effect.runPromise` or `NodeRuntime.runMain`, or take out what waits.",
    exactCause: () => "the effect was run synchronously, and has something in it that waits"
  },
  {
    id: "not-an-effect",
    when: "Something was run as an effect that is none.",
    match: { types: ["RuntimeException"] },
    fits: has(/^Not a valid effect: /),
    hint: "Return an Effect there: a promise needs `Effect.promise`, a plain value `Effect.succeed`.",
    exactCause: ({ said }) => {
      const what = said(/^Not a valid effect: ([\s\S]*)/)?.[1]
      return what === undefined ? undefined : `${what.slice(0, 100)} was run as an effect, and is none`
    }
  },
  {
    id: "unhandled-case",
    when: "A value came that no case was written for.",
    match: { types: ["Error"] },
    fits: has(/^effect\/Match\/\w+: absurd$|^Called `absurd` function/),
    hint: "Add the missing case. The types rule it out, so the value has not the type it claims: decode it where it enters the program.",
    exactCause: () => "a value reached a match that has no case for it, though its type says it cannot be"
  },
  {
    id: "illegal-argument",
    when: "A function was called with an argument it does not take.",
    match: { types: ["IllegalArgumentException"] },
    hint: "Check the argument before the call."
  },
  {
    id: "capacity-exceeded",
    when: "Something bounded was full.",
    match: { types: ["ExceededCapacityException"] },
    hint: "Take from it faster, put into it slower, or let the writer wait for room."
  },
  {
    id: "stages-interrupted",
    when: "The stages of a group were interrupted.",
    match: { types: ["StageGroupError"] },
    fits: ({ errors }) => errors.length === 1,
    hint: "Look at who interrupted the group; none of its stages has failed by itself."
  },
  {
    id: "all-promises-rejected",
    when: "Every promise of a `Promise.any` was rejected.",
    match: { types: ["AggregateError"] },
    fits: has(/^All promises were rejected$/, "AggregateError"),
    hint: "Look at each of the errors: the report has each of them, with its line."
  },
  {
    id: "unknown-exception",
    when: "`Effect.try` or `Effect.tryPromise` wrapped what was thrown, since it was given no `catch`.",
    match: { types: ["UnknownException"] },
    hint: "Give `catch` a tagged error of your own, so that callers can distinguish this failure from others."
  }
]
