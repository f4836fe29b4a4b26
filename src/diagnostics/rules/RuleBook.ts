/**
 * How to fix a failure, without a model, and by which rule.
 *
 * A rule says no more than the report shows. Of an unknown failure it says nothing.
 *
 * @since 0.1.0
 */
import type { Failure } from "../../event/FailureReport.js"
import * as PlainValue from "../../plain/PlainValue.js"
import { attempt } from "../../plain/untrusted.js"
import { databaseRules } from "./DatabaseRules.js"
import { effectRules } from "./EffectRules.js"
import { engineRules } from "./EngineRules.js"
import { fileRules } from "./FileRules.js"
import { httpRules } from "./HttpRules.js"
import { networkRules } from "./NetworkRules.js"
import { type Clues, cluesOf, type Rule } from "./Rule.js"
import { runtimeRules } from "./RuntimeRules.js"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  Clues,
  /**
   * @since 0.1.0
   * @category models
   */
  ErrorSaying,
  /**
   * @since 0.1.0
   * @category models
   */
  Rule,
  /**
   * @since 0.1.0
   * @category models
   */
  Signs
} from "./Rule.js"

/**
 * What a rule says of a failure. `exactCause` is the rule's if the report knows no better, else the report's.
 *
 * @since 0.1.0
 * @category models
 */
export interface Finding {
  readonly rule: Rule
  /** How to fix it, in at most 400 characters. */
  readonly hint: string
  readonly exactCause: string
}

/**
 * Rules in order: the first that fits has the word. `consult` never throws.
 *
 * @since 0.1.0
 * @category models
 */
export interface RuleBook {
  readonly rules: ReadonlyArray<Rule>
  readonly consult: (failure: Failure) => Finding | undefined
}

/**
 * A book of these rules, asked in their order. Of rules with one id the first counts.
 *
 * @example
 * ```ts
 * import { RuleBook } from "effect-narrative"
 *
 * export const book = RuleBook.make([
 *   {
 *     id: "stock-empty",
 *     when: "An article is not in stock.",
 *     match: { types: ["OutOfStock"] },
 *     hint: "Order more of it, or offer another one.",
 *     detail: ({ text }) => (text("article") === undefined ? undefined : `The article is ${text("article")}.`),
 *     evidence: ["article"]
 *   },
 *   ...RuleBook.rules
 * ])
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (rules: ReadonlyArray<Rule>): RuleBook => {
  const ids = new Set<string>()
  const book = rules.filter(({ id }) => !ids.has(id) && ids.add(id))
  let index: RuleIndex | undefined
  return {
    rules: book,
    consult: (failure) =>
      attempt(() => {
        const clues = cluesOf(failure)
        index ??= indexOf(book)
        for (const place of placesFor(index, failure, clues)) {
          const rule = book[place]
          if (rule !== undefined && fits(rule, clues)) return findingOf(rule, clues)
        }
        return undefined
      }, undefined)
  }
}

/**
 * The built-in rules, in their order.
 *
 * @since 0.1.0
 * @category rules
 */
export const rules: ReadonlyArray<Rule> = [
  ...fileRules,
  ...networkRules,
  ...databaseRules,
  ...runtimeRules,
  ...httpRules,
  ...engineRules,
  ...effectRules
]

/**
 * The book of the built-in rules. Every failure report has its hint from it.
 *
 * @since 0.1.0
 * @category rules
 */
export const builtIn: RuleBook = make(rules)

/** Longest hint, in UTF-16 code units. */
const maxHint = 400
/** Longest cause of a rule's own, in UTF-16 code units. */
const maxCause = 500

/** The places of the rules in their book, by sign, and of those that have none. */
interface RuleIndex {
  readonly bySign: ReadonlyMap<string, ReadonlyArray<number>>
  readonly always: ReadonlyArray<number>
}

const indexOf = (book: ReadonlyArray<Rule>): RuleIndex => {
  const bySign = new Map<string, Array<number>>()
  const always: Array<number> = []
  for (const [place, { match }] of book.entries()) {
    if (match === undefined) always.push(place)
    for (const sign of match === undefined ? [] : labelsOf(match)) {
      const places = bySign.get(sign)
      if (places === undefined) bySign.set(sign, [place])
      else places.push(place)
    }
  }
  return { bySign, always }
}

const placesFor = ({ always, bySign }: RuleIndex, failure: Failure, clues: Clues): ReadonlyArray<number> => {
  let found = always
  let isMixed = false
  for (const sign of signsOf(failure, clues)) {
    const places = bySign.get(sign)
    if (places === undefined) continue
    isMixed ||= found.length > 0
    found = found.length === 0 ? places : [...found, ...places]
  }
  return isMixed ? Array.from(new Set(found)).sort((a, b) => a - b) : found
}

const fits = (rule: Rule, clues: Clues): boolean =>
  rule.fits === undefined || attempt(() => rule.fits?.(clues) === true, false)

const findingOf = (rule: Rule, clues: Clues): Finding => {
  const detail = sentenceOf(rule.detail, clues)
  const cause = sentenceOf(rule.exactCause, clues)
  return {
    rule,
    hint: short(detail === undefined ? rule.hint : `${rule.hint} ${detail}`, maxHint),
    exactCause: cause !== undefined && isPlain(clues) ? short(cause, maxCause) : clues.failure.exactCause
  }
}

/** Whether the report's cause is only what an error of the chain says itself. */
const isPlain = ({ errors, failure }: Clues): boolean =>
  errors.some(({ message, type }) => {
    const said = short(`${type}: ${message}`, maxCause).slice(0, 80)
    return failure.exactCause === type || failure.exactCause.startsWith(said) || said.startsWith(failure.exactCause)
  })

// A program's own rule may throw, or answer with something else than text.
const sentenceOf = (write: Rule["detail"], clues: Clues): string | undefined => {
  const said: unknown = write === undefined ? undefined : attempt(() => write(clues), undefined)
  return typeof said === "string" && said !== "" ? said : undefined
}

const short = (text: string, max: number): string => {
  const plain = text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, " ").trim()
  return plain.length <= max ? plain : PlainValue.clip(plain, max - 40)
}

const labelsOf = ({ codes, facts, statuses, types }: NonNullable<Rule["match"]>): ReadonlyArray<string> => [
  ...(codes ?? []).map((code) => `code ${code}`),
  ...(statuses ?? []).map((status) => `status ${status}`),
  ...(types ?? []).map((type) => `type ${type}`),
  ...(facts ?? []).map((fact) => `fact ${fact}`)
]

const signsOf = (failure: Failure, { errors, number, text }: Clues): ReadonlyArray<string> => {
  const signs = errors.map(({ type }) => `type ${type}`)
  const names = Object.keys(failure.facts)
  if (names.length === 0) return signs
  for (const name of names) signs.push(`fact ${name}`)
  const code = text("code")
  if (code !== undefined) for (const meant of codesOf(code, failure, errors)) signs.push(`code ${meant}`)
  const status = number("status")
  if (status !== undefined && status >= 400 && status <= 599)
    signs.push(`status ${status}`, `status ${Math.floor(status / 100)}xx`)
  return signs
}

/** The code, and what it is an extended code or a member of. */
const codesOf = (code: string, failure: Failure, errors: Clues["errors"]): ReadonlyArray<string> => {
  const primary = /^(SQLITE_[A-Z]+)_/.exec(code)?.[1]
  if (primary !== undefined) return [code, primary]
  if (!/^\d[\dA-Z]{4}$/.test(code)) return [code]
  // Five digits may be anything: an order's number, a postal code.
  return isOfDatabase(failure, errors) ? [code, code.slice(0, 2)] : []
}

const isOfDatabase = ({ facts }: Failure, errors: Clues["errors"]): boolean =>
  ["severity", "routine", "constraint"].some((name) => Object.hasOwn(facts, name)) ||
  errors.some(({ type }) => databaseErrors.has(type))

const databaseErrors = new Set(["SqlError", "PostgresError", "DatabaseError", "error"])
