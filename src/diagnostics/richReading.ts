/**
 * What rich mode reads beside a failure itself: the calls that waited for it, with their variables.
 */
import type * as Cause from "effect/Cause"
import { type CauseLeaf, leavesOf } from "../cause/causeLeaves.js"
import { treeOf } from "../cause/errorTree.js"
import { extended } from "../plain/extended.js"
import { attempt, isObject } from "../plain/untrusted.js"
import type { DescribeOptions } from "./describeOptions.js"
import type { Settings } from "./diagnosticsConfig.js"
import * as fiberFrames from "./locals/fiberFrames.js"
import * as hotCode from "./locals/hotCode.js"
import * as Locals from "./locals/locals.js"
import * as thrownLocals from "./locals/thrownLocals.js"
import type { CapturedFrame, CapturedOperation, WaitingGenerator } from "./locals/waiting.js"
import * as waitingEffect from "./locals/waitingEffect.js"
import { maxErrors } from "./undescribed.js"

export interface Rich {
  readonly available: boolean
  readonly reason: string
  readonly framesOf: NonNullable<DescribeOptions["framesOf"]>
  readonly effectOf: NonNullable<DescribeOptions["effectOf"]>
  /** Whether there was no time for all of the frames since this was asked last. */
  readonly takeCut: () => boolean
  readonly droppedWith: NonNullable<DescribeOptions["droppedWith"]>
  /** An error that is kept would keep its generators, and all they hold. */
  readonly release: (cause: Cause.Cause<unknown>) => void
  readonly close: () => void
}

export const openRich = (settings: Settings): Rich => {
  const capture = fiberFrames.install()
  const reader = Locals.openReader()
  const thrown = settings.locals === "throws" ? thrownLocals.install() : undefined
  let cut = false
  const onCut = () => {
    cut = true
  }
  return {
    available: reader.status.available,
    reason: [
      reader.status.reason,
      ...(reader.status.available ? [hotCode.sentenceOf(keepingOf(settings))] : []),
      ...(thrown === undefined ? [] : [thrown.status.reason])
    ].join(" "),
    framesOf: (errors) => {
      const suspended = suspendedFor(errors)
      const thrownThrough = thrown === undefined ? [] : errors.flatMap(thrownLocals.localsOf)
      return [
        ...thrownThrough.map((frame) => extended(frame, { suspended: false })),
        ...(suspended.length === 0
          ? []
          : reader.read(suspended, { onCut }).map((frame) => extended(frame, { suspended: true })))
      ]
    },
    effectOf: (errors, search) => {
      const { functions } = reader
      if (functions === undefined) return undefined
      return waitingEffect.find({ ...search, functions, waiting: waitingFor(errors) })
    },
    takeCut: () => {
      const was = cut
      cut = false
      return was
    },
    droppedWith: (leaf) => fiberFrames.droppedWith(leaf.key),
    release: (cause) => {
      for (const leaf of leavesOf(cause)) {
        for (const error of errorsBehind(leaf)) {
          fiberFrames.release(error)
          thrownLocals.release(error)
        }
      }
    },
    close: () => {
      thrown?.uninstall()
      reader.close()
      capture.uninstall()
    }
  }
}

/** What wraps an error came through fewer calls than the error itself: each call once, as the innermost error met it. */
const suspendedFor = (errors: ReadonlyArray<object>): ReadonlyArray<CapturedFrame> => {
  const frames = new Map<object, CapturedFrame>()
  for (const error of errors) {
    const before = Array.from(frames.values()).at(-1)?.left
    for (const frame of fiberFrames.framesOf(error)) {
      const known = frames.get(frame.generator)
      const left = [known === undefined ? before : known.left, frame.left].flatMap((regions) => regions ?? [])
      frames.set(frame.generator, left.length === 0 ? (known ?? frame) : { ...(known ?? frame), left })
    }
  }
  return Array.from(frames.values())
}

/** What waited for the innermost error that is known, and what the others say that it is outside of. */
const waitingFor = (errors: ReadonlyArray<object>): ReadonlyArray<WaitingGenerator> => {
  const [innermost = [], ...others] = errors.map(fiberFrames.waitingOf).filter((waiting) => waiting.length > 0)
  const left = new Map<object, ReadonlyArray<object>>()
  for (const { operation, left: regions } of others.flatMap((waiting) => waiting.flatMap(operationsOf))) {
    left.set(operation, [...(left.get(operation) ?? []), ...regions])
  }
  const joined = (one: CapturedOperation) => extended(one, { left: [...one.left, ...(left.get(one.operation) ?? [])] })
  return innermost.map((one) => extended(one, { operations: one.operations.map(joined) }))
}

const operationsOf = ({ operations }: WaitingGenerator): ReadonlyArray<CapturedOperation> => operations

const keepingOf = ({ keepVariables }: Settings): hotCode.Keeping =>
  keepVariables ? attempt(hotCode.keepVariables, "unknown to this V8") : "not asked for"

/** The innermost first; what has no identity is known by its place in the cause. */
export const errorsBehind = (leaf: CauseLeaf): ReadonlyArray<object> => [
  ...treeOf(leaf.error, maxErrors)
    .map(({ error }) => error)
    .filter(isObject)
    .toReversed(),
  ...(isObject(leaf.error) ? [] : [leaf.key]),
  ...leaf.holders
]
