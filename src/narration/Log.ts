/**
 * Structured log lines: an event's name and data instead of a sentence, and context that is bound once. It is `Effect.log` with
 * annotations underneath, so every logger of Effect gets them, `Narrative.logger` and exporters included.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Log } from "effect-narrative"
 *
 * const log = Log.make({ component: "orchestrator" }).bind({ job_id: "job-123" })
 *
 * export const program = Effect.gen(function* () {
 *   yield* log.info("pipeline_started", { genre: "fantasy" })
 *   yield* log.critical("database_connection_lost", { attempts: 5 })
 * }).pipe(Effect.provide(Log.layer({ level: "info", format: "json" })))
 * ```
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Predicate from "effect/Predicate"
import { prettyCause } from "../cause/prettyCause.js"
import { clip, type PlainRecord, text } from "../plain/PlainValue.js"
import { plainJson } from "../plain/plainJson.js"
import { redactorIn } from "../redaction/redactor.js"
import { regionIn } from "./region.js"

/**
 * Data of a line, beside its event.
 *
 * @since 0.1.0
 * @category models
 */
export type Fields = { readonly [name: string]: unknown }

/**
 * Logs events with its context beside them. An `error` among the data whose value is an error or a `Cause` is logged as such.
 *
 * @since 0.1.0
 * @category models
 */
export interface Log {
  readonly context: Fields
  readonly debug: (event: string, data?: Fields) => Effect.Effect<void>
  readonly info: (event: string, data?: Fields) => Effect.Effect<void>
  readonly warning: (event: string, data?: Fields) => Effect.Effect<void>
  readonly error: (event: string, data?: Fields) => Effect.Effect<void>
  /** The level `FATAL` of Effect. */
  readonly critical: (event: string, data?: Fields) => Effect.Effect<void>
  /** A log with more context; what is bound later wins. */
  readonly bind: (context: Fields) => Log
  /** A log without some of its context. */
  readonly unbind: (...names: ReadonlyArray<string>) => Log
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (context: Fields = {}): Log => {
  const at =
    (level: LogLevel.LogLevel) =>
    (event: string, data: Fields = {}): Effect.Effect<void> => {
      const { error, ...rest } = { ...context, ...data }
      const isFault = Cause.isCause(error) || error instanceof Error
      const cause = Cause.isCause(error) ? error : isFault ? Cause.fail(error) : undefined
      const line = cause === undefined ? Effect.logWithLevel(level, event) : Effect.logWithLevel(level, event, cause)
      return Effect.annotateLogs(line, isFault || error === undefined ? rest : { ...rest, error })
    }
  return {
    context,
    debug: at(LogLevel.Debug),
    info: at(LogLevel.Info),
    warning: at(LogLevel.Warning),
    error: at(LogLevel.Error),
    critical: at(LogLevel.Fatal),
    bind: (more) => make({ ...context, ...more }),
    unbind: (...names) => make(Object.fromEntries(Object.entries(context).filter(([name]) => !names.includes(name))))
  }
}

/**
 * Levels by their names here.
 *
 * @since 0.1.0
 * @category models
 */
export type Level = "debug" | "info" | "warning" | "error" | "critical"

const levels: { readonly [L in Level]: LogLevel.LogLevel } = {
  debug: LogLevel.Debug,
  info: LogLevel.Info,
  warning: LogLevel.Warning,
  error: LogLevel.Error,
  critical: LogLevel.Fatal
}

const names: { readonly [Tag in LogLevel.LogLevel["_tag"]]: Level } = {
  All: "debug",
  Trace: "debug",
  Debug: "debug",
  Info: "info",
  Warning: "warning",
  Error: "error",
  Fatal: "critical",
  None: "debug"
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The least level that is logged (default: that of the variable `LOG_LEVEL`, else `info`). */
  readonly level?: Level | undefined
  /** `console`: a line for people. `json`: an object a line. Default: `LOG_FORMAT`, else `console` on a terminal and `json` elsewhere. */
  readonly format?: "json" | "console" | undefined
  /** Where lines go (default: standard error). */
  readonly write?: ((line: string) => void) | undefined
}

/**
 * Writes log lines, those of `Effect.log` too, in place of Effect's default logger and of another layer of this kind: no line is written twice. Beside
 * `Narrative.logger` a line inside a story is also its event. Values are redacted.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options = {}): Layer.Layer<never, ConfigError> =>
  Layer.unwrapEffect(
    Effect.map(Config.all({ level: levelOf(options), format: formatOf(options) }), ({ format, level }) => {
      const write = options.write ?? ((line: string) => void process.stderr.write(`${line}\n`))
      const logger = Logger.make<unknown, void>((line) => write(format === "json" ? jsonOf(line) : consoleOf(line)))
      own.add(logger)
      return Layer.merge(
        Layer.scopedDiscard(
          Effect.locallyScopedWith(FiberRef.currentLoggers, (loggers) =>
            HashSet.add(
              HashSet.filter(loggers, (other) => !own.has(other) && !defaults.includes(other)),
              logger
            )
          )
        ),
        Logger.minimumLogLevel(levels[level])
      )
    })
  )

const own = new WeakSet<Logger.Logger<unknown, unknown>>()

/** Those that a program has without choosing one; `Narrative.runMain` takes the pretty one. */
const defaults: ReadonlyArray<Logger.Logger<unknown, unknown>> = [Logger.defaultLogger, Logger.prettyLoggerDefault]

const levelOf = ({ level }: Options): Config.Config<Level> =>
  level === undefined
    ? Config.literal(
        "debug",
        "info",
        "warning",
        "error",
        "critical"
      )("LOG_LEVEL").pipe(
        Config.orElse(() => Config.literal("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")("LOG_LEVEL").pipe(lowered)),
        Config.withDefault("info" as const)
      )
    : Config.succeed(level)

// Each is one of the levels in capitals.
const lowered = Config.map((level: string) => level.toLowerCase() as Level)

const formatOf = ({ format }: Options): Config.Config<"json" | "console"> =>
  format === undefined
    ? Config.literal(
        "json",
        "console"
      )("LOG_FORMAT").pipe(Config.withDefault(process.stderr.isTTY === true ? ("console" as const) : ("json" as const)))
    : Config.succeed(format)

/** A line as it may leave. */
const shown = ({ annotations, cause, context, date, logLevel, message }: Logger.Logger.Options<unknown>) => {
  const services = FiberRefs.getOrDefault(context, FiberRef.currentContext)
  const secrets = regionIn(services)?.story.secrets
  const redactor = redactorIn(services)
  // Annotations first: what they hide may be in the message.
  const data: PlainRecord = redactor.record(Object.fromEntries(HashMap.entries(annotations)), secrets)
  const parts = Array.isArray(message) ? message : [message]
  const event = clip(parts.map((part) => text(redactor.value(part, secrets))).join(" "))
  const fault = Cause.isEmpty(cause)
    ? undefined
    : clip(redactor.text(prettyCause(cause, "<unreadable cause>", { renderErrorCause: true }), secrets))
  return { data, event, fault, level: names[logLevel._tag], timestamp: date.toISOString() }
}

const jsonOf = (line: Logger.Logger.Options<unknown>): string => {
  const { data, event, fault, level, timestamp } = shown(line)
  return plainJson({ ...data, timestamp, level, event, ...(fault === undefined ? {} : { exception: fault }) })
}

const consoleOf = (line: Logger.Logger.Options<unknown>): string => {
  const { data, event, fault, level, timestamp } = shown(line)
  const fields = Object.entries(data).map(
    ([name, value]) => `${name}=${Predicate.isString(value) ? value : text(value)}`
  )
  const first = [timestamp, `[${level.padEnd(8)}]`, event.padEnd(30), ...fields].join(" ").trimEnd()
  // A line is one line, and gives no orders to a terminal.
  const safe = first.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, " ")
  return fault === undefined ? safe : `${safe}\n${fault.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, " ")}`
}
