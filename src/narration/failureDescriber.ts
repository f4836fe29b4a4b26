/**
 * Who describes a story's failures. What does is large: it is loaded when the first story begins whose events go
 * anywhere, and waited for where a failure is faster.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { leavesOf } from "../cause/causeLeaves.js"
import { renderersOf } from "../delivery/rendererSet.js"
import * as describer from "../diagnostics/describer.js"
import { collectSecrets, undescribed, unplaced } from "../diagnostics/undescribed.js"
import { environment } from "../plain/environment.js"
import { attempt } from "../plain/untrusted.js"
import { type AnyFiber, isSynchronous } from "../runtime/fiber.js"
import type { Waiting } from "../runtime/waiting.js"
import { warnOnce } from "../runtime/warnOnce.js"

/** `undefined` as long as none is loaded. */
export const describerIn = (services: Context.Context<never>): describer.Describer | undefined =>
  services.unsafeMap.get(describer.key) ?? describer.getDefault()?.service

let loading: Promise<void> | undefined

const startLoading = (): Promise<void> => {
  // Where it cannot be loaded, failures are reported as far as they speak for themselves.
  loading ??= import("../diagnostics/Diagnostics.js").then(
    ({ loadForRich }) => (environmentIsRich() ? loadForRich() : undefined),
    () => undefined
  )
  return loading
}

/** Loads what describes failures. It never fails. */
export const load: Effect.Effect<void> = Effect.suspend(() =>
  describer.getDefault() === undefined ? Effect.promise(startLoading) : Effect.void
)

// Read here only to know whether to wait: what is right or wrong about it is found out by `Diagnostics`.
const environmentIsRich = (): boolean =>
  environment["RUNTIME_NARRATIVE_FAILURE_DIAGNOSTICS"]?.trim().toLowerCase() === "rich"

/**
 * A story is the first to need what describes failures: begins to load it, and logs what is wrong with its settings.
 * Whatever reads locals has to be loaded before anything fails, so that is waited for.
 */
export const prepare = (fiber: AnyFiber): Waiting => {
  if (renderersOf(fiber).length === 0) return undefined
  if (fiber.currentContext.unsafeMap.has(describer.key)) return undefined
  const known = describer.getDefault()
  if (known !== undefined) return known.problem === undefined ? undefined : warnOnce(known.problem)
  void startLoading()
  return environmentIsRich() && !isSynchronous(fiber) ? load : undefined
}

/** What an error comes to where nothing is loaded that knows. */
const unsummarized = {
  errorCode: undescribed.errorCode,
  retryable: undescribed.retryable,
  location: undescribed.location
}

/** Says of a cause what its errors say of themselves. */
export const selfDescription: describer.Describer = {
  collectSecrets: (leaf, redactor, secrets) => collectSecrets(leaf.error, redactor, secrets),
  summarize: () => unsummarized,
  attributesOf: () => ({}),
  describeIn: (cause, context, redactor) => {
    const [first = undescribed, ...rest] = leavesOf(cause).map((leaf) => {
      const stage = attempt(() => context.stageOf(leaf), undefined)
      return attempt(() => unplaced(leaf, stage, redactor), undescribed)
    })
    return {
      storyName: context.storyName,
      diagnosticsMode: "lean",
      diagnosticsTruncated: true,
      redactedValues: 0,
      failures: [first, ...rest],
      interruptors: context.interruptors,
      timeline: context.timeline,
      timelineOmitted: context.timelineOmitted,
      progress: context.progress
    }
  }
}

/**
 * Waits for the describer and goes on with it, in an uninterruptible region. Should the process end meanwhile, the
 * failure is reported as far as it speaks for itself.
 */
export const withDescriber = (
  services: Context.Context<never>,
  report: (describer: describer.Describer) => Waiting
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const atExit = () => void report(selfDescription)
    process.once("exit", atExit)
    return Effect.flatMap(load, () => {
      process.removeListener("exit", atExit)
      return report(describerIn(services) ?? selfDescription) ?? Effect.void
    })
  })
