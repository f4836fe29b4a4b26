/**
 * What a model answered, read with patience: models keep to a form mostly, not always.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { Citation, Evidence, FailureAnalysis } from "../../event/FailureAnalysis.js"
import { objectsIn, parse, withoutReasoning } from "./answerText.js"
import { cut } from "./promptText.js"

/**
 * The form a prompt asks for; for models that can be held to a JSON Schema.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Form = Schema.Struct({
  exact_why: Schema.String,
  evidence: Schema.Array(Schema.Struct({ text: Schema.String, cites: Schema.Array(Schema.String) })),
  targeted_fix: Schema.String,
  code_changes: Schema.String
})

/**
 * @since 0.1.0
 * @category models
 */
export interface AnswerOptions {
  /** The analyzer that asked, as the analysis names it. */
  readonly analyzer: string
  /** The model that answered, as the analysis names it. */
  readonly model: string | null
  /** The ids that the prompt gave out, of `Prompt.make`. */
  readonly index: ReadonlyMap<string, string>
}

/**
 * The analysis in a model's answer.
 *
 * The JSON object is found alone, in a fence, in prose, or behind `<think>…</think>`; its keys in any case style; texts as
 * a string or a list; evidence as a string, a list of strings, or of objects; ids in `cites` or in the text, as `[F1]`.
 * An id that the prompt did not give out is dropped and counted. An answer in any other form is kept as `rawText`, its
 * first 8,000 characters. `None` is an answer that says nothing: empty, `null`, `{}`.
 *
 * It never throws, whatever the text.
 *
 * @example
 * ```ts
 * import * as assert from "node:assert"
 * import { Option } from "effect"
 * import { FailureAnalysis } from "effect-narrative"
 * import { Answer } from "effect-narrative/analysis"
 *
 * const answer = Answer.decode('Sure! {"exactWhy": "The row is there already", "evidence": ["a unique key [E1]"]}', {
 *   analyzer: "mine",
 *   model: null,
 *   index: new Map([["E1", "SqlError: UNIQUE constraint failed"]])
 * })
 *
 * assert.strictEqual(
 *   Option.getOrThrow(Option.map(answer, FailureAnalysis.format)),
 *   `## Exact Why
 * The row is there already
 *
 * ## Evidence
 * - a unique key [E1: SqlError: UNIQUE constraint failed]`
 * )
 * ```
 *
 * @since 0.1.0
 * @category decoding
 */
export const decode = (text: string, options: AnswerOptions): Option.Option<FailureAnalysis> => {
  const { analyzer, index, model } = options
  const said = withoutReasoning(text)
  const answer = bestOf(objectsIn(said).map((object) => readAnswer(object, index)))
  if (answer !== undefined) return Option.some({ analyzer, model, rawText: null, ...answer })
  if (isNothing(said)) return Option.none()
  return Option.some({
    analyzer,
    model,
    exactWhy: "",
    evidence: [],
    targetedFix: "",
    codeChanges: "",
    rawText: cut(said.slice(0, maxRaw * 2).trim(), maxRaw),
    droppedCitations: 0
  })
}

/** Longest parts, in UTF-16 code units. */
const maxRaw = 8_000
const maxText = 4_000
const maxEvidenceText = 1_000
/** Most observations, and most citations of each. */
const maxEvidence = 20
const maxCites = 10

type Read = Pick<FailureAnalysis, "exactWhy" | "evidence" | "targetedFix" | "codeChanges" | "droppedCitations">

/** The one that says most; of equals the last, since models show the form before they fill it. */
const bestOf = (answers: ReadonlyArray<Read>): Read | undefined =>
  answers.reduce<Read | undefined>(
    (best, answer) => (partsOf(answer) > 0 && partsOf(answer) >= partsOf(best) ? answer : best),
    undefined
  )

const partsOf = (answer: Read | undefined): number =>
  answer === undefined
    ? 0
    : [answer.exactWhy, answer.targetedFix, answer.codeChanges].filter((text) => text !== "").length +
      (answer.evidence.length > 0 ? 1 : 0)

/** `null`, `""`, `{}`, `[]`, and a form with nothing in it. */
const isNothing = (said: string): boolean => {
  if (!/\S/.test(said)) return true
  return said.length <= maxRaw && isEmpty(parse(said), 0)
}

const isEmpty = (value: unknown, depth: number): boolean => {
  if (typeof value === "string") return value.trim() === ""
  if (typeof value !== "object" || depth > 4) return false
  return value === null || Object.values(value).every((inner) => isEmpty(inner, depth + 1))
}

const Text = Schema.transform(Schema.Unknown, Schema.String, {
  strict: true,
  decode: (value) => cut(textOf(value, 0), maxText),
  encode: (text) => text
})

const Observations = Schema.transform(
  Schema.Unknown,
  Schema.Array(Schema.Struct({ text: Schema.String, cites: Schema.Array(Schema.String) })),
  { strict: true, decode: (value) => observationsOf(value), encode: (evidence) => evidence }
)

/** What a model may answer, by names without case and separators. */
const Tolerant = Schema.Struct({
  exactwhy: Schema.optionalWith(Text, { default: () => "" }),
  evidence: Schema.optionalWith(Observations, { default: () => [] }),
  targetedfix: Schema.optionalWith(Text, { default: () => "" }),
  codechanges: Schema.optionalWith(Text, { default: () => "" })
})

const decodeTolerant = Schema.decodeUnknownOption(Tolerant)

const readAnswer = (object: Readonly<Record<string, unknown>>, index: ReadonlyMap<string, string>): Read => {
  const { codechanges, evidence, exactwhy, targetedfix } = Option.getOrElse(
    decodeTolerant(byPlainNames(object)),
    () => ({
      exactwhy: "",
      evidence: [],
      targetedfix: "",
      codechanges: ""
    })
  )
  const dropped = { count: 0 }
  const prose = (text: string) => withoutUnknownIds(text, index, dropped).trim()
  return {
    exactWhy: prose(exactwhy),
    evidence: evidence
      .slice(0, maxEvidence)
      .map((observation) => citing(observation, index, dropped))
      .filter(({ cites, text }) => text !== "" || cites.length > 0),
    targetedFix: prose(targetedfix),
    codeChanges: prose(codechanges),
    droppedCitations: dropped.count
  }
}

const byPlainNames = (object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [plainName(name), value]))

const plainName = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, "")

interface Observation {
  readonly text: string
  readonly cites: ReadonlyArray<string>
}

const observationsOf = (value: unknown): ReadonlyArray<Observation> => {
  if (typeof value === "string") return value.split(/\n+/).map((line) => ({ text: bare(line), cites: [] }))
  if (Array.isArray(value)) return value.slice(0, maxEvidence).map(observationOf)
  return Predicate.isReadonlyRecord(value) ? [observationOf(value)] : []
}

const observationOf = (value: unknown): Observation => {
  if (!Predicate.isReadonlyRecord(value)) return { text: bare(textOf(value, 0)), cites: [] }
  const fields = byPlainNames(value)
  const { cites, citations, id, ids, ...others } = fields
  const said = others["text"] ?? others["observation"] ?? others["description"] ?? others["claim"] ?? others
  return { text: bare(textOf(said, 0)), cites: citedIn(cites ?? citations ?? ids ?? id, 0) }
}

/** Without the mark of a list. */
const bare = (line: string): string => cut(line.replace(/^\s*(?:[-*•]|\d{1,2}[.)])\s+/, "").trim(), maxEvidenceText)

const citedIn = (value: unknown, depth: number): ReadonlyArray<string> => {
  if (typeof value === "string") {
    const said = value.slice(0, maxEvidenceText)
    const ids = idsOf(said)
    return ids.length > 0 ? ids : [said]
  }
  if (depth > 1) return []
  if (Array.isArray(value)) return value.slice(0, maxCites * 2).flatMap((entry) => citedIn(entry, depth + 1))
  return Predicate.isReadonlyRecord(value) ? citedIn(value["id"], depth + 1) : []
}

/** `[F1]`, `[F1, S2]`, `(E1)`. */
const bracketed = /\s?[[(]((?:[FSEV]\d{1,4})(?:(?:\s*[,;&]\s*|\s+and\s+)[FSEV]\d{1,4})*)[\])]/gi

const idsOf = (text: string): ReadonlyArray<string> => text.match(/\b[FSEV]\d{1,4}\b/gi) ?? []

const citing = (observation: Observation, index: ReadonlyMap<string, string>, dropped: { count: number }): Evidence => {
  const inText = Array.from(observation.text.matchAll(bracketed), ([, ids = ""]) => idsOf(ids)).flat()
  const ids = [...observation.cites, ...inText].map((id) => id.replace(/[^A-Za-z0-9]/g, "").toUpperCase())
  const cites: Array<Citation> = []
  for (const id of new Set(ids)) {
    const text = index.get(id)
    if (id === "") continue
    if (text === undefined) dropped.count += 1
    else if (cites.length < maxCites) cites.push({ id, text })
  }
  return { text: observation.text.replace(bracketed, "").trim(), cites }
}

/** In prose an id stays that leads somewhere. */
const withoutUnknownIds = (text: string, index: ReadonlyMap<string, string>, dropped: { count: number }): string =>
  text.replace(bracketed, (all, ids: string) => {
    const unknown = idsOf(ids).filter((id) => !index.has(id.toUpperCase()))
    dropped.count += unknown.length
    return unknown.length === 0 ? all : ""
  })

/** A value as prose: a list as lines, an object as `name: value` pairs. */
const textOf = (value: unknown, depth: number): string => {
  switch (typeof value) {
    case "string":
      return value.slice(0, maxText * 2).trim()
    case "number":
    case "boolean":
      return String(value)
    case "object":
      if (value === null || depth > 4) return ""
      return Array.isArray(value)
        ? joined(value.slice(0, maxEntries), "\n", (entry) => textOf(entry, depth + 1))
        : joined(Object.entries(value).slice(0, maxEntries), ", ", ([name, inner]) => {
            const text = textOf(inner, depth + 1)
            return text === "" ? "" : `${name}: ${text}`
          })
    default:
      return ""
  }
}

const maxEntries = 50

const joined = <A>(values: ReadonlyArray<A>, between: string, text: (value: A) => string): string =>
  values
    .map(text)
    .filter((text) => text !== "")
    .join(between)
