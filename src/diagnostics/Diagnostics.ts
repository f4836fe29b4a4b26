/**
 * Who describes failures: how deep, with which options, and whether they work here.
 *
 * You need not provide it. A story without one uses the environment's settings, and is lean where those say nothing.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { summarize } from "../cause/errorSummary.js"
import type { FailureReport } from "../event/FailureReport.js"
import { environment } from "../plain/environment.js"
import { attempt } from "../plain/untrusted.js"
import { useBuiltIn } from "../redaction/builtInRedactor.js"
import * as redactor from "../redaction/redactor.js"
import type { Redactor } from "../redaction/redactorModel.js"
import { warnOnce } from "../runtime/warnOnce.js"
import { failureAttributes } from "../tracing/spanAttributes.js"
import { droppedWith, errorsBehind } from "./capturedCalls.js"
import type { DescribeOptions } from "./describeOptions.js"
import * as describer from "./describer.js"
import {
  type DiagnosticsConfig,
  decode,
  fromEnvironment,
  type Settings,
  settingsOf,
  variables
} from "./diagnosticsConfig.js"
import * as failureDescription from "./failureDescription.js"
import { locationOf } from "./failureSites.js"
import { openLean, waitingFramesFor } from "./leanReading.js"
import * as parser from "./locals/parser.js"
import { openRich } from "./richReading.js"
import { readerOf } from "./source/stackReader.js"
import { collectSecrets, type FailureContext } from "./undescribed.js"

// What is described is redacted.
useBuiltIn()

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  DiagnosticsConfig
} from "./diagnosticsConfig.js"

/**
 * What was asked for, what is in force, and why that differs.
 *
 * @since 0.1.0
 * @category models
 */
export interface DiagnosticsStatus {
  readonly requested: "lean" | "rich"
  readonly mode: "lean" | "rich"
  readonly environment: string
  /** One sentence: why rich is lean here, or what the self-test of reading locals found. */
  readonly reason: string
}

/**
 * @since 0.1.0
 * @category services
 */
export class Diagnostics extends Context.Reference<Diagnostics>()(describer.key, {
  defaultValue: (): Service => byEnvironment().service
}) {}

/**
 * What describes failures.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends describer.Describer {
  /** The report of a cause, with the redaction in force here. Never fails. */
  readonly describe: (cause: Cause.Cause<unknown>) => Effect.Effect<FailureReport>
  readonly status: DiagnosticsStatus
}

/**
 * Looks into failures as the config says. What TypeScript accepts can be used; what a program without types passes wrongly
 * makes the layer die with an `InvalidOption`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (config: DiagnosticsConfig = {}): Layer.Layer<Diagnostics> =>
  Layer.scoped(
    Diagnostics,
    Effect.suspend(() => {
      const settings = settingsOf(decode(config))
      return prepared(settings).pipe(
        Effect.zipRight(
          Effect.acquireRelease(
            Effect.sync(() => open(settings)),
            ({ close }) => Effect.sync(close)
          )
        ),
        Effect.tap(({ problem }) => (problem === undefined ? Effect.void : (warnOnce(problem) ?? Effect.void))),
        Effect.map(({ service }) => service)
      )
    })
  )

const prepared = ({ mode }: Settings): Effect.Effect<void> =>
  mode === "lean" || attempt(parser.load, undefined) !== undefined ? Effect.void : Effect.promise(loadForRich)

/** Loads what rich mode needs beside this module: in a bundle it is no file of its own, and has to be waited for. @internal */
export const loadForRich = (): Promise<void> => parser.loadLater().catch(() => {})

/**
 * {@link layer}, with a config that is read from the `ConfigProvider` in use when the layer is built.
 *
 * @example
 * ```ts
 * import { Config } from "effect"
 * import { Diagnostics } from "effect-narrative"
 *
 * export const Live = Diagnostics.layerConfig({
 *   mode: Config.literal("lean", "rich")("DIAGNOSTICS"),
 *   environment: Config.string("NODE_ENV")
 * })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<DiagnosticsConfig>
): Layer.Layer<Diagnostics, ConfigError.ConfigError> => Layer.unwrapEffect(Effect.map(Config.unwrap(config), layer))

/**
 * {@link layer}, with what the environment variables say: `RUNTIME_NARRATIVE_FAILURE_DIAGNOSTICS` (`lean` | `rich`),
 * `RUNTIME_NARRATIVE_ENV` (else `NODE_ENV`), `RUNTIME_NARRATIVE_ALLOW_RICH_IN_PRODUCTION`, `RUNTIME_NARRATIVE_LOCALS`
 * (`generators` | `throws`). Fails where a value is invalid, with an error that names the variable and what it takes.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerEnvironment: Layer.Layer<Diagnostics, ConfigError.ConfigError> = Layer.unwrapEffect(
  Effect.map(fromEnvironment, layer)
)

/**
 * The report of a cause, by the diagnostics in force here.
 *
 * @since 0.1.0
 * @category reports
 */
export const describe = (cause: Cause.Cause<unknown>): Effect.Effect<FailureReport> =>
  Effect.flatMap(Diagnostics, (service) => service.describe(cause))

/**
 * What was asked for, what is in force here, and why that differs.
 *
 * @since 0.1.0
 * @category reports
 */
export const status: Effect.Effect<DiagnosticsStatus> = Effect.map(Diagnostics, (service) => service.status)

let fromEnv: { readonly service: Service; readonly problem: string | undefined } | undefined

/**
 * The diagnostics of a program that provided none, opened by its first story and for as long as the process runs. An
 * invalid setting cannot stop the program any more: it is lean, and `problem` says why.
 */
const byEnvironment = (): { readonly service: Service; readonly problem: string | undefined } => {
  if (fromEnv !== undefined) return fromEnv
  // No program is running this: the settings are read once, and reading the environment is synchronous.
  const config = Effect.runSync(Effect.either(readable().load(fromEnvironment)))
  const { problem, service } = open(settingsOf(Either.getOrElse(config, () => ({}))))
  fromEnv = {
    service,
    problem: Either.isLeft(config) ? `Failures are described in lean mode: ${config.left}` : problem
  }
  return fromEnv
}

describer.setDefault(byEnvironment)

interface Opened {
  readonly service: Service
  /** What a user has to be warned of. */
  readonly problem: string | undefined
  readonly close: () => void
}

const open = (settings: Settings): Opened => {
  const asked = settings.mode === "rich" ? openRich(settings) : undefined
  const rich = asked?.available === true ? asked : undefined
  // What cannot read anything need not watch failures either.
  if (rich === undefined) asked?.close()
  const lean = rich === undefined ? openLean() : undefined
  const mode = rich === undefined ? "lean" : "rich"
  const { maxStackText } = settings
  const framesOf = rich?.framesOf
  const effectOf = (rich ?? lean)?.effectOf
  const waitingFor = waitingFramesFor
  const linesOf = lean?.linesOf
  const optionsFor = (redactor: Redactor): DescribeOptions => {
    const { fileKey, read } = readerOf(settings.appRoots)
    return { mode, read, fileKey, maxStackText, redactor, framesOf, linesOf, waitingFor, effectOf, droppedWith }
  }
  const describeIn: Service["describeIn"] = (cause, context, redactor) => {
    rich?.takeCut()
    const report = failureDescription.describe(cause, context, optionsFor(redactor))
    rich?.release(cause)
    lean?.release(cause)
    return rich?.takeCut() === true ? { ...report, diagnosticsTruncated: true } : report
  }
  const service: Service = {
    describe: (cause) => Effect.map(redactor.current, (redactor) => describeIn(cause, nowhere, redactor)),
    status: {
      requested: settings.requested,
      mode,
      environment: settings.environment,
      reason: asked?.reason ?? reasonOf(settings)
    },
    collectSecrets: (leaf, redactor, secrets) => {
      collectSecrets(leaf.error, redactor, secrets)
      if (rich === undefined) return
      for (const { locals } of rich.framesOf(errorsBehind(leaf))) {
        const held = locals.filter(({ state }) => state === "value")
        redactor.record(Object.fromEntries(held.map(({ name, value }) => [name, value])), secrets)
      }
    },
    summarize: ({ leaf, redactor, secrets, stage }) => {
      const { code, retryable } = summarize(leaf?.error)
      const location = leaf && attempt(() => locationOf(leaf, stage, optionsFor(redactor), secrets), null)
      return { errorCode: code, retryable, location: location ?? null }
    },
    attributesOf: ({ failures }) => failureAttributes(failures[0], failures.length),
    describeIn
  }
  return {
    service,
    problem:
      asked?.available === false ? `Failures are described in lean mode, not in rich mode. ${asked.reason}` : undefined,
    close: () => {
      rich?.close()
      lean?.close()
    }
  }
}

const reasonOf = ({ environment, mode, requested }: Settings): string =>
  requested === mode
    ? `${requested}, as configured`
    : `rich is lean in ${environment}: set RUNTIME_NARRATIVE_ALLOW_RICH_IN_PRODUCTION=true to have it all the same`

/** Outside any story. */
const nowhere: FailureContext = {
  storyName: null,
  stageOf: () => undefined,
  timeline: [],
  timelineOmitted: 0,
  progress: { percent: 0, completedStages: 0, totalStages: 0 },
  interruptors: [],
  secrets: undefined
}

/** Of the variables that are read, those that may be: a runtime may refuse each, and all names together. */
const readable = (): ConfigProvider.ConfigProvider => {
  const set = variables.flatMap((name) => {
    const value = environment[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return ConfigProvider.fromMap(new Map(set), { pathDelim: "_", seqDelim: "," })
}
