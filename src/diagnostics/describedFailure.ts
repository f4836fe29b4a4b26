/**
 * One failure of a report: what it says, where it comes from, with which values, and what it came from itself.
 */
import type { CauseLeaf } from "../cause/causeLeaves.js"
import { summarize } from "../cause/errorSummary.js"
import * as thrownValue from "../cause/thrownValue.js"
import type { CausingError, Failure, StackFrame } from "../event/FailureReport.js"
import * as hiddenField from "../plain/hiddenField.js"
import * as PlainValue from "../plain/PlainValue.js"
import { attempt, isObject } from "../plain/untrusted.js"
import type { Redactor } from "../redaction/redactorModel.js"
import type { Secrets } from "../redaction/secrets.js"
import type { DescribeOptions } from "./describeOptions.js"
import { detailsOf } from "./errorDetails.js"
import { factsOf } from "./errorFacts.js"
import { explain } from "./exactCause/explanation.js"
import { type Link, type Sites, sitesOf } from "./failureSites.js"
import * as framesWithLocals from "./locals/framesWithLocals.js"
import * as failureLocation from "./source/failureLocation.js"
import * as frameSource from "./source/frameSource.js"
import { shownSpans } from "./source/passedSpans.js"
import type * as stackFrames from "./source/stackFrames.js"
import { type StageOfFailure, undescribed } from "./undescribed.js"

/** Most frames of a failure's list, and of an error that it came from. */
const maxFrames = 50
const maxCausingFrames = 10
/** Most links followed to the innermost one. */
const maxDepth = 100

/** Throws where the program's own values do. */
export const describeFailure = (
  leaf: CauseLeaf,
  stage: StageOfFailure | undefined,
  options: DescribeOptions,
  maxText: number,
  secrets: Secrets
): Failure => {
  const { redactor } = options
  const sites = sitesOf(leaf, stage, options, secrets)
  const { calls, chain, place, spans, tree } = sites
  const frames = framesWithLocals.merged(stackOf(chain, place), calls)
  const { appFrames, shown: shownFrames } = writtenOf(frames)
  const others = frames.length - appFrames
  const stack = stackTextOf(tree, maxText)
  const source = frameSource.sourceOf(place.frame)
  const links = thrownValue.linksOf(leaf.error, maxDepth)
  const summary = summarize(leaf.error, links)
  const details = detailsOf(
    chain.map(({ error }) => error),
    redactor,
    secrets
  )
  return {
    path: leaf.path,
    kind: leaf.kind,
    errorType: chain[0]?.type ?? undescribed.errorType,
    errorMessage: chain[0]?.message ?? undescribed.errorMessage,
    stageName: stage?.path.at(-1) ?? null,
    stagePath: stage?.path ?? [],
    failedAt: stage?.endedAt ?? null,
    location: source.location,
    locationReason: place.reason,
    ownLocation: ownLocationOf(chain, place),
    spans: shownSpans(spans, (attributes) => redactor.record(attributes, secrets)),
    stackFrames: shownFrames,
    stackSummary: `${appFrames} app frame(s), ${others} other/hidden in full stack (${frames.length} total)`,
    hiddenFrameCount: others,
    stackText: stack.text,
    stackTruncated: stack.truncated,
    snippet: source.snippet,
    exceptionChain: thrownValue.formatChain(chain.slice(0, thrownValue.maxChain)),
    causes: causesOf(sites, shownFrames),
    exactCause: explain(leaf.error, {
      sourceLine: source.location?.sourceLine ?? null,
      locals: calls.flatMap(({ shown }) => entriesOf(shown.locals)),
      bigints: calls.flatMap(({ bigints }) => bigints),
      statement: statementOf(sites.span),
      links,
      show: {
        value: (value) => redactor.value(value, secrets),
        fields: (fields) => redactor.record(fields, secrets),
        isSecret: redactor.isSecretName
      }
    }),
    errorCode: summary.code,
    retryable: details?.retryable ?? summary.retryable,
    facts: factsIn(links, redactor),
    details: details?.details ?? null,
    hint: null,
    rule: null,
    fingerprint: "",
    stageAttributes: stage?.attributes ?? {}
  }
}

/** The SQL that a database client annotates its span with. */
const statementOf = (span: Link["span"]): string | undefined => {
  const attributes = span._tag === "Some" ? span.value.attributes : undefined
  const text: unknown = attempt(() => attributes?.get("db.query.text") ?? attributes?.get("db.statement"), undefined)
  return typeof text === "string" ? text : undefined
}

/** The stack that leads to the place: not that of an error made before anything ran, where others know the way. */
const stackOf = (chain: ReadonlyArray<Link>, place: failureLocation.Place): Link["frames"] => {
  const known = place.from ?? chain.find(({ frames }) => frames.length > 0)
  if (known === undefined) return []
  return place.from === undefined && failureLocation.isMadeAtLoad(known.frames) ? [] : known.frames
}

const ownLocationOf = (chain: ReadonlyArray<Link>, place: failureLocation.Place): Failure["ownLocation"] => {
  const [own] = chain
  if (own === undefined || own.isCopy || place.from === own) return null
  const frame = failureLocation.placeOfError(own)?.frame
  return frame === undefined ? null : frameSource.locationOf(frame)
}

const causesOf = (
  { callsOf, chain, place, tree }: Sites,
  shown: ReadonlyArray<StackFrame>
): ReadonlyArray<CausingError> => {
  if (tree.length === 1) return []
  const placesOf = (frames: ReadonlyArray<StackFrame>) =>
    frames.map((frame) => `${frame.file}:${frame.line}:${frame.column}`)
  const known = new Set(placesOf(shown))
  return tree.slice(1).flatMap((link): ReadonlyArray<CausingError> => {
    if (link.isCopy) return []
    const { depth, error, message, relation, type } = link
    const calls = isObject(error) && !chain.includes(link) ? callsOf(() => [error]) : []
    const frame = failureLocation.placeOfError(link)?.frame ?? calls.find(failureLocation.isApp)
    const { location, snippet } = frameSource.sourceOf(frame)
    const own = framesWithLocals.merged(link.frames, calls).filter(failureLocation.isApp)
    return [
      {
        depth,
        relation,
        errorType: type,
        errorMessage: message,
        location,
        // The failure itself has it.
        snippet: place.from === link ? [] : snippet,
        stackFrames: own
          .map(({ shown }) => shown)
          .filter((frame) => !known.has(placesOf([frame])[0] ?? ""))
          .slice(0, maxCausingFrames)
      }
    ]
  })
}

// What is hidden in them was counted, and collected, from the errors themselves.
const factsIn = (errors: ReadonlyArray<unknown>, redactor: Redactor): PlainValue.PlainRecord => {
  const facts = factsOf(errors)
  return Object.keys(facts).length === 0 ? {} : redactor.record(facts)
}

const entriesOf = (locals: PlainValue.PlainRecord | null) =>
  Object.entries(locals ?? {}).map(([name, value]) => ({ name, value }))

/** Every stack of the tree, each with a fair part of the room: its message, and its newest frames as far as they go. */
const stackTextOf = (
  links: ReadonlyArray<Link>,
  maxText: number
): { readonly text: string; readonly truncated: boolean } => {
  let text = ""
  let truncated = false
  for (const [i, link] of links.entries()) {
    const room = Math.floor((maxText - text.length) / (links.length - i)) - omission.length
    const head = i === 0 ? "" : link.relation === "cause" ? "\nCaused by: " : "\nOne of them: "
    const full = `${head}${thrownValue.format(link)}`
    let part = PlainValue.clip(full, Math.floor(room / 2))
    truncated ||= part.length < full.length
    const frames = writtenOf(link.frames).text
    if (part.length + frames.length <= room) {
      text += part + frames
      continue
    }
    for (const frame of link.frames) {
      if (part.length + frame.text.length + 1 > room) {
        part += omission
        truncated = true
        break
      }
      part += `\n${frame.text}`
    }
    text += part
  }
  return { text, truncated }
}

/** What a report says of a list of frames. */
interface Written {
  readonly text: string
  readonly shown: ReadonlyArray<StackFrame>
  readonly appFrames: number
}

/** The frames of a stack are remembered, as it comes again and again, and what is written of them with them. */
const writtenOf = hiddenField.remembering(
  (frames: ReadonlyArray<stackFrames.Frame>): Written => ({
    text: frames.map((frame) => `\n${frame.text}`).join(""),
    shown: frames.slice(0, maxFrames).map(({ shown }) => shown),
    appFrames: frames.filter(failureLocation.isApp).length
  })
)

const omission = "\n    …"
