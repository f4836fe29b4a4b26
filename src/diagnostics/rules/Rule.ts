/**
 * A rule of the rule book: which failures it is about, and how to fix them.
 *
 * A rule goes by the report alone, which is redacted already: by the failure's facts, its chain of errors, its line and
 * its variables. So it says the same of a report that was read back from a file or a database.
 *
 * @since 0.1.0
 */
import type { Failure } from "../../event/FailureReport.js"
import * as PlainValue from "../../plain/PlainValue.js"

/**
 * What a failure that a rule is about looks like. A rule is tried if one of these is so; a rule without any is tried for
 * every failure.
 *
 * - `codes`: the error's code, as `ECONNREFUSED`, `SQLITE_BUSY` or `23505`. A code of SQLite's includes its extended
 *   codes (`SQLITE_CONSTRAINT`), the first two digits of an SQLSTATE for its class (`08`).
 * - `statuses`: the HTTP status, or a class of them.
 * - `types`: the tag or name of an error anywhere in the chain.
 * - `facts`: the name of a fact that it has.
 *
 * @since 0.1.0
 * @category models
 */
export interface Signs {
  readonly codes?: ReadonlyArray<string>
  readonly statuses?: ReadonlyArray<number | "4xx" | "5xx">
  readonly types?: ReadonlyArray<string>
  readonly facts?: ReadonlyArray<string>
}

/**
 * - `id`: in kebab-case; it is the `rule` of the report.
 * - `when`: what has happened if it fits, in one sentence.
 * - `match`: for which failures it is tried.
 * - `fits`: whether it fits in the end; without it, it does.
 * - `hint`: how to fix it, in one or two sentences.
 * - `detail`: what else helps, by what is known of this failure.
 * - `exactCause`: the cause, if the report itself knows no better.
 * - `evidence`: the facts that it goes by; an analysis cites them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rule {
  readonly id: string
  readonly when: string
  readonly match?: Signs
  readonly fits?: (clues: Clues) => boolean
  readonly hint: string
  readonly detail?: (clues: Clues) => string | undefined
  readonly exactCause?: (clues: Clues) => string | undefined
  readonly evidence?: ReadonlyArray<string>
}

/**
 * What one error of a chain says.
 *
 * @since 0.1.0
 * @category models
 */
export interface ErrorSaying {
  readonly type: string
  readonly message: string
}

/**
 * What is known of a failure.
 *
 * - `errors`: the chain, outermost first.
 * - `text`: a fact that is a text; `number`: one that is a number.
 * - `said`: what the innermost error of these types says, if it is of that form; of any type, without types.
 *
 * @since 0.1.0
 * @category models
 */
export interface Clues {
  readonly failure: Failure
  readonly errors: ReadonlyArray<ErrorSaying>
  readonly text: (fact: string) => string | undefined
  readonly number: (fact: string) => number | undefined
  readonly said: (form: RegExp, ...types: ReadonlyArray<string>) => RegExpExecArray | undefined
}

/**
 * The clues of a failure.
 *
 * @since 0.1.0
 * @category constructors
 */
export const cluesOf = (failure: Failure): Clues => {
  const errors = errorsOf(failure)
  const innermost = errors.toReversed()
  const fact = (name: string): unknown => Object.getOwnPropertyDescriptor(failure.facts, name)?.value
  return {
    failure,
    errors,
    text: (name) => {
      const value = fact(name)
      return typeof value === "string" && value !== "" ? value : undefined
    },
    number: (name) => {
      const value = fact(name)
      return typeof value === "number" ? value : undefined
    },
    said: (form, ...types) => {
      for (const { message, type } of innermost) {
        const match = types.length === 0 || types.includes(type) ? form.exec(message) : null
        if (match !== null) return match
      }
      return undefined
    }
  }
}

/**
 * The chain of a failure's errors, outermost first, from its text.
 *
 * @since 0.1.0
 * @category constructors
 */
export const errorsOf = ({ errorMessage, errorType, exceptionChain }: Failure): ReadonlyArray<ErrorSaying> => {
  const outermost = { type: errorType, message: errorMessage }
  // Its own message may contain what separates the errors of a chain, and is cut there when it is long.
  const head = errorMessage === "" ? errorType : `${errorType}: ${PlainValue.clip(errorMessage, maxLinkMessage)}`
  const start = exceptionChain.startsWith(head) ? head.length : exceptionChain.indexOf(joint)
  if (start < 0 || !exceptionChain.startsWith(joint, start)) return [outermost]
  return [
    outermost,
    ...exceptionChain
      .slice(start + joint.length)
      .split(joint)
      .map(sayingOf)
  ]
}

/** What separates the errors of a chain. */
const joint = " <- "
/** As long as the message of one link is in a chain. */
const maxLinkMessage = 1_000

const sayingOf = (link: string): ErrorSaying => {
  const end = link.indexOf(": ")
  return end < 0 ? { type: link, message: "" } : { type: link.slice(0, end), message: link.slice(end + 2) }
}
