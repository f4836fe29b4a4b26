/**
 * The parts of a failure report that an analysis may cite, each with its id: frames, stages, errors and values.
 *
 * A prompt gives the ids out, an answer cites them, and a reader finds behind each what was meant. The same report
 * always gives the same ids.
 */
import { errorsOf as chainOf } from "../../diagnostics/rules/Rule.js"
import type { Failure, FailureReport, StackFrame } from "../../event/FailureReport.js"
import * as PlainValue from "../../plain/PlainValue.js"

/** What an id leads to. */
export type EvidenceKind = "frame" | "stage" | "error" | "value"

export interface EvidenceEntry {
  /** `F1` a frame, `S1` a stage, `E1` an error, `V1` a value; each kind is counted from 1. */
  readonly id: string
  readonly kind: EvidenceKind
  /** One line of at most 240 characters. */
  readonly text: string
  /** Which of the report's failures it is of, from 0; `null` for a stage. */
  readonly failure: number | null
  /**
   * What it is called in its failure: `location` or `frame 2`, `error 0` for the outermost of the chain, `fact code`,
   * `attribute order`, `local row`; a stage by its name.
   */
  readonly name: string
}

export interface EvidenceIndex {
  /** Frames, stages, errors, values; of each, the primary failure's first. */
  readonly entries: ReadonlyArray<EvidenceEntry>
  readonly get: (id: string) => EvidenceEntry | undefined
  /** The entry of that name, of a failure by its place in the report. */
  readonly find: (failure: number | null, name: string) => EvidenceEntry | undefined
}

/**
 * The index of a report. At most 12 frames, 20 stages, 5 errors of each of at most 8 failures, and 40 values; of several
 * failures, each has its share.
 */
export const of = (report: FailureReport): EvidenceIndex => {
  const failures = report.failures.slice(0, maxFailures)
  const entries = [
    ...numbered("F", "frame", shared(failures.map(framesOf), maxFrames)),
    ...numbered("S", "stage", stagesOf(report)),
    ...numbered("E", "error", failures.flatMap(errorsOf)),
    ...numbered("V", "value", shared(failures.map(valuesOf), maxValues))
  ]
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const byName = new Map(entries.map((entry) => [nameKey(entry.failure, entry.name), entry]))
  return {
    entries,
    get: (id) => byId.get(id.trim().toUpperCase()),
    find: (failure, name) => byName.get(nameKey(failure, name))
  }
}

/** Most failures of a report that are cited. */
const maxFailures = 8
const maxFrames = 12
const maxStages = 20
/** Most errors of a failure's chain. */
const maxErrors = 5
const maxValues = 40
/** Longest text, in UTF-16 code units. */
const maxText = 240

interface Found {
  readonly failure: number | null
  readonly name: string
  readonly text: string
}

const numbered = (letter: string, kind: EvidenceKind, found: ReadonlyArray<Found>): ReadonlyArray<EvidenceEntry> =>
  found.map(({ failure, name, text }, i) => ({ id: `${letter}${i + 1}`, kind, text: oneLine(text), failure, name }))

const nameKey = (failure: number | null, name: string): string => `${failure ?? "story"} ${name}`

const oneLine = (text: string): string => {
  const plain = text
    .slice(0, maxText * 4)
    .replace(/\s+/g, " ")
    .trim()
  return plain.length <= maxText ? plain : PlainValue.clip(plain, maxText - 30)
}

/** The first of each list, then the second of each, until there are `max`; in the lists' own order. */
const shared = (lists: ReadonlyArray<ReadonlyArray<Found>>, max: number): ReadonlyArray<Found> => {
  const taken = lists.map(() => 0)
  let left = max
  for (let round = 0; left > 0 && lists.some((list) => list.length > round); round++) {
    for (const [i, list] of lists.entries()) {
      if (list.length <= round || left === 0) continue
      taken[i] = round + 1
      left--
    }
  }
  return lists.flatMap((list, i) => list.slice(0, taken[i]))
}

/** The failure's place, then the app's own frames, then the others. */
const framesOf = (failure: Failure, index: number): ReadonlyArray<Found> => {
  const { location, stackFrames } = failure
  const isPlace = (frame: StackFrame) => frame.file === location?.file && frame.line === location.line
  const place =
    location === null
      ? []
      : [
          {
            failure: index,
            name: "location",
            text: `${placeOf(location)}${reasons[failure.locationReason]}${lineOf(failure)}`
          }
        ]
  const frames = stackFrames.map((frame, i) => ({ frame, i })).filter(({ frame }) => !isPlace(frame))
  const app = frames.filter(({ frame }) => frame.origin === "app")
  const others = frames.filter(({ frame }) => frame.origin !== "app")
  return [
    ...place,
    ...[...app, ...others].map(({ frame, i }) => ({
      failure: index,
      name: `frame ${i}`,
      text: `${placeOf(frame)} [${frame.origin}${frame.suspended ? ", waiting" : ""}]`
    }))
  ]
}

const reasons: Readonly<Record<Failure["locationReason"], string>> = {
  app_frame: " [app]",
  effect: " [app, the effect that failed]",
  called: " [app, a guess: what the waiting line calls]",
  generator: " [app, waiting]",
  span: " [where the nearest span is made]",
  bundle: " [in a bundle without a source map]",
  stage: " [where the stage is made]",
  innermost_frame: " [not the app's own]",
  unknown: ""
}

const placeOf = (place: { readonly file: string; readonly line: number; readonly function: string }): string =>
  `${place.function === "" ? "" : `${place.function} `}${place.file}:${place.line}`

const lineOf = ({ location, snippet }: Failure): string => {
  const line = (location?.sourceLine ?? snippet.find(({ failing }) => failing)?.text ?? "").trim()
  return line === "" ? "" : `: ${line}`
}

// The latest stages say the most.
const stagesOf = ({ timeline }: FailureReport): ReadonlyArray<Found> =>
  timeline.slice(-maxStages).map(({ durationSeconds, name, status }) => ({
    failure: null,
    name,
    text: `${name}: ${status}${durationSeconds === null ? "" : ` (${durationSeconds.toFixed(3)}s)`}`
  }))

const errorsOf = (failure: Failure, index: number): ReadonlyArray<Found> =>
  chainOf(failure)
    .slice(0, maxErrors)
    .map(({ message, type }, i) => ({
      failure: index,
      name: `error ${i}`,
      text: message === "" ? type : `${type}: ${message}`
    }))

const valuesOf = (failure: Failure, index: number): ReadonlyArray<Found> => [
  ...entriesOf(failure.facts, index, "fact"),
  ...entriesOf(failure.stageAttributes, index, "attribute"),
  ...failure.stackFrames.flatMap((frame) => entriesOf(frame.locals ?? {}, index, "local", ` in ${frame.function}`))
]

const entriesOf = (
  record: PlainValue.PlainRecord,
  failure: number,
  from: "fact" | "attribute" | "local",
  where = ""
): ReadonlyArray<Found> =>
  Object.entries(record)
    .slice(0, maxValues)
    .map(([name, value]) => ({
      failure,
      name: `${from} ${name}`,
      text: `${PlainValue.clip(name, 60)} = ${PlainValue.clip(JSON.stringify(value), 150)}${where}`
    }))
