/**
 * The stage of a tool that an agent uses, and what is recorded when one is denied or undone.
 */
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import { leavesOf } from "../cause/causeLeaves.js"
import { messageOf } from "../cause/thrownValue.js"
import type { DefinedAt } from "../diagnostics/source/callSite.js"
import * as names from "../event/toolNames.js"
import { clip, type PlainValue, text } from "../plain/PlainValue.js"
import { attempt } from "../plain/untrusted.js"
import { type AnyFiber, withFiber } from "../runtime/fiber.js"
import type { Waiting } from "../runtime/waiting.js"
import { present } from "../tracing/spanAttributes.js"
import { stageInit } from "./combinators.js"
import { addAttributes } from "./providerStage.js"
import * as recordings from "./recordings.js"
import { hide, redactorOf, regionFor } from "./region.js"
import * as stageRegion from "./stageRegion.js"
import type * as workContext from "./workContext.js"
import { isCount, nameIn } from "./workRecording.js"

export interface ToolOptions<in A> {
  /** The id of the call, from the model's answer; what the tool's events call `action_id`. */
  readonly callId?: string | undefined
  /** `function`, `extension` or `datastore`, as OpenTelemetry has it. */
  readonly type?: string | undefined
  /** What the tool does. */
  readonly description?: string | undefined
  /** The mode it is used in. */
  readonly behavior?: string | undefined
  /** What it was given. Its first 200 characters are recorded, redacted. */
  readonly arguments?: unknown
  /** What to say of its result, recorded in the same way. */
  readonly output?: ((value: A) => unknown) | undefined
  /** How many things it made. */
  readonly artifacts?: ((value: A) => number) | undefined
  /** Whether arguments and output are recorded whole, too, redacted (default `false`). */
  readonly captureContent?: boolean | undefined
}

/** Longest summary of what a tool was given, and gave. */
const maxSummary = 200

const summaryOf = (value: PlainValue): string => clip(text(value), maxSummary)

/** A value as it may leave; hidden by the names in it before it becomes a text. */
const shownIn = (fiber: AnyFiber, value: unknown): PlainValue =>
  redactorOf(fiber).value(value, regionFor(fiber)?.story.secrets)

export const run = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  name: string,
  options: ToolOptions<A>,
  definedAt: DefinedAt
): Effect.Effect<A, E, R> =>
  withFiber((fiber) => {
    const shown = options.arguments === undefined ? undefined : shownIn(fiber, options.arguments)
    const attributes = {
      "gen_ai.operation.name": "execute_tool",
      [names.toolName]: nameIn(fiber, name),
      ...present({
        [names.callId]: options.callId,
        [names.toolType]: options.type,
        [names.description]: options.description,
        [names.behavior]: options.behavior,
        [names.payloadSummary]: shown === undefined ? undefined : summaryOf(shown),
        [names.callArguments]: shown === undefined || options.captureContent !== true ? undefined : text(shown)
      })
    }
    return stageRegion.run(self, {
      ...stageInit<A>(name, { kind: "tool", attributes }, definedAt),
      ended: (fiber, place, exit) => {
        if (exit._tag === "Success") addAttributes(place, outputOf(fiber, place, options, exit.value))
        return undefined
      }
    })
  })

const outputOf = <A>(
  fiber: AnyFiber,
  { story }: workContext.Place,
  { artifacts, captureContent, output }: ToolOptions<A>,
  value: A
): Readonly<Record<string, string | number>> => {
  const found: Record<string, string | number> = {}
  if (output !== undefined) {
    const shown = redactorOf(fiber).value(
      attempt(() => output(value), "<unreadable output>"),
      story?.secrets
    )
    found[names.outputSummary] = summaryOf(shown)
    if (captureContent === true) found[names.callResult] = text(shown)
  }
  const count = artifacts === undefined ? undefined : attempt(() => artifacts(value), undefined)
  if (isCount(count)) found[names.artifactsCount] = count
  return found
}

export interface ToolRef {
  readonly name: string
  readonly callId?: string | undefined
}

/** The data that every event of a tool has. */
export const ofTool = (fiber: AnyFiber, { callId, name }: ToolRef): Record<string, unknown> => ({
  tool_name: nameIn(fiber, name),
  ...present({ action_id: callId })
})

export interface UndoOptions extends ToolRef {
  readonly performedAt?: Date | number | undefined
  readonly reason?: string | undefined
}

/** When the work that is undone was done, as a text. */
export const originalTime = (performedAt: UndoOptions["performedAt"]): Record<string, string> => {
  const at = performedAt === undefined ? Number.NaN : Number(performedAt)
  return Number.isFinite(at) && Math.abs(at) <= 8.64e15 ? { original_action_timestamp: new Date(at).toISOString() } : {}
}

/** Runs what undoes a tool's work as a stage, which says at its end whether that is undone. */
export const undo = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  tool: UndoOptions,
  definedAt: DefinedAt
): Effect.Effect<A, E, R> =>
  withFiber((fiber) => {
    const name = nameIn(fiber, tool.name)
    const attributes = { [names.toolName]: name, ...present({ [names.callId]: tool.callId }) }
    return stageRegion.run(self, {
      ...stageInit<A>(`Undo ${name}`, { kind: "undo", attributes }, definedAt),
      ended: (fiber, place, exit, durationSeconds) => undoEnded(fiber, place, tool, exit, durationSeconds)
    })
  })

const undoEnded = (
  fiber: AnyFiber,
  { span, stage, story }: workContext.Place,
  tool: UndoOptions,
  exit: Exit.Exit<unknown, unknown>,
  durationSeconds: number
): Waiting => {
  if (story === undefined) return undefined
  const base = {
    ...ofTool(fiber, tool),
    duration_ms: Math.round(durationSeconds * 1_000),
    ...originalTime(tool.performedAt)
  }
  const isUndone = exit._tag === "Success"
  const failed = () => {
    const first = isUndone ? undefined : leavesOf(exit.cause)[0]
    const message = first === undefined ? "interrupted" : hide(fiber, story, messageOf(first.error))
    return { ...base, error_message: message, ...present({ reason: tool.reason }) }
  }
  const note = isUndone ? recordings.note("tool.undone", base) : recordings.note("tool.undo_failed", failed())
  return note({ span, stage, story, at: span }, fiber)
}
