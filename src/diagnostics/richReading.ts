/**
 * What rich mode reads beside a failure itself: the calls that waited for it, with their variables.
 */
import type * as Cause from "effect/Cause"
import { extended } from "../plain/extended.js"
import { attempt } from "../plain/untrusted.js"
import { errorsIn, suspendedFor } from "./capturedCalls.js"
import type { DescribeOptions } from "./describeOptions.js"
import type { Settings } from "./diagnosticsConfig.js"
import * as fiberFrames from "./locals/fiberFrames.js"
import * as hotCode from "./locals/hotCode.js"
import * as Locals from "./locals/locals.js"
import * as thrownLocals from "./locals/thrownLocals.js"
import type { CapturedOperation, WaitingGenerator } from "./locals/waiting.js"
import * as waitingEffect from "./locals/waitingEffect.js"

export interface Rich {
  readonly available: boolean
  readonly reason: string
  readonly framesOf: NonNullable<DescribeOptions["framesOf"]>
  readonly effectOf: NonNullable<DescribeOptions["effectOf"]>
  /** Whether there was no time for all of the frames since this was asked last. */
  readonly takeCut: () => boolean
  /** An error that is kept would keep its generators, and all they hold. */
  readonly release: (cause: Cause.Cause<unknown>) => void
  readonly close: () => void
}

export const openRich = (settings: Settings): Rich => {
  const capture = fiberFrames.install("rich")
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
    release: (cause) => {
      for (const error of errorsIn(cause)) {
        fiberFrames.release(error)
        thrownLocals.release(error)
      }
    },
    close: () => {
      thrown?.uninstall()
      reader.close()
      capture.uninstall()
    }
  }
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
