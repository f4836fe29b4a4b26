/**
 * `Effect.log*` inside a story, as an event.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import type * as Scope from "effect/Scope"
import { prettyCause } from "../cause/prettyCause.js"
import { isHandling } from "../delivery/dispatch.js"
import * as rendererSet from "../delivery/rendererSet.js"
import { renderersAmong } from "../delivery/rendererSet.js"
import type { LogRecorded } from "../event/NarrativeEvent.js"
import * as PlainValue from "../plain/PlainValue.js"
import { redactorIn } from "../redaction/redactor.js"
import { muted } from "../runtime/muting.js"
import { changeScoped } from "../runtime/scopedChange.js"
import * as switches from "../runtime/switches.js"
import * as eventFactory from "./eventFactory.js"
import { emitTo, regionIn } from "./region.js"

/** Whether log lines are narrated here. */
export const logging = /* @__PURE__ */ switches.make("effect-narrative/logging")

/**
 * Adds the logger until the scope is closed. Among Effect's loggers it may be left behind by what fibers join back: it
 * does nothing but where it is switched on.
 */
export const addLogger: Effect.Effect<void, never, Scope.Scope> = /* @__PURE__ */ Effect.suspend(() =>
  Effect.zipRight(
    changeScoped(logging, switches.hold),
    changeScoped(FiberRef.currentLoggers, (loggers) => ({
      after: HashSet.add(loggers, logger),
      undo: HashSet.remove(logger)
    }))
  )
)

const levels: { readonly [Tag in LogLevel.LogLevel["_tag"]]: LogRecorded["level"] } = {
  All: "TRACE",
  Trace: "TRACE",
  Debug: "DEBUG",
  Info: "INFO",
  Warning: "WARN",
  Error: "ERROR",
  Fatal: "FATAL",
  None: "TRACE"
}

const logger: Logger.Logger<unknown, void> = /* @__PURE__ */ Logger.make(
  ({ annotations, cause, context, date, fiberId, logLevel, message }) => {
    // What narration itself logs would come back to it for ever.
    if (isHandling() || !switches.isOn(FiberRefs.getOrDefault(context, logging))) return
    const renderers = renderersAmong(
      FiberRefs.getOrDefault(context, muted),
      FiberRefs.getOrDefault(context, rendererSet.current)
    )
    const services = FiberRefs.getOrDefault(context, FiberRef.currentContext)
    const region = regionIn(services)
    if (region === undefined || renderers.length === 0) return
    const { span, stage, story } = region
    const redactor = redactorIn(services)
    // A logger cannot wait; the story's next event does.
    story.deferred = emitTo(renderers, story, () => {
      // Annotations first: what they hide may be in the message.
      const shown = redactor.record(Object.fromEntries(HashMap.entries(annotations)), story.secrets)
      return eventFactory.logRecorded(story, stage, date.getTime(), span, {
        level: levels[logLevel._tag],
        message: messageText(message, (part) => redactor.value(part, story.secrets)),
        annotations: shown,
        cause: Cause.isEmpty(cause) ? null : causeText(cause, (text) => redactor.text(text, story.secrets)),
        fiberId: FiberId.threadName(fiberId)
      })
    })
  }
)

const messageText = (message: unknown, plain: (part: unknown) => PlainValue.PlainValue): string =>
  PlainValue.clip((Array.isArray(message) ? message : [message]).map((part) => PlainValue.text(plain(part))).join(" "))

// Hidden before it is cut: half a secret is not found.
const causeText = (cause: Cause.Cause<unknown>, hide: (text: string) => string): string =>
  PlainValue.clip(hide(prettyCause(cause, "<unreadable cause>", { renderErrorCause: true })))
