/**
 * `Effect.log*` inside a story, told as an event.
 */
import * as Cause from "effect/Cause"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as HashMap from "effect/HashMap"
import * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import * as rendererSet from "../delivery/rendererSet.js"
import type { LogRecorded } from "../event/NarrativeEvent.js"
import * as PlainValue from "../plain/PlainValue.js"
import { redactorIn } from "../redaction/redactor.js"
import { isOn } from "../runtime/switches.js"
import * as eventFactory from "./eventFactory.js"
import { listenersAmong, regionIn, tellTo } from "./region.js"

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

/** @internal */
export const make: Logger.Logger<unknown, void> = Logger.make(
  ({ annotations, cause, context, date, fiberId, logLevel, message }) => {
    // What narration itself says would come back to it for ever.
    if (rendererSet.isHandling() || !isOn(FiberRefs.getOrDefault(context, rendererSet.logging))) return
    const listeners = listenersAmong(
      FiberRefs.getOrDefault(context, rendererSet.muted),
      FiberRefs.getOrDefault(context, rendererSet.current)
    )
    const services = FiberRefs.getOrDefault(context, FiberRef.currentContext)
    const region = regionIn(services)
    if (region === undefined || listeners.length === 0) return
    const { span, stage, story } = region
    const redactor = redactorIn(services)
    // A logger cannot wait; the story's next event does.
    story.owed = tellTo(listeners, story, () => {
      // Annotations first: what they hide may stand in the message.
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

const causeText = (cause: Cause.Cause<unknown>, hide: (text: string) => string): string => {
  try {
    // Hidden before it is cut: half a secret is not found.
    return PlainValue.clip(hide(Cause.pretty(cause, { renderErrorCause: true })))
  } catch {
    return "<unreadable cause>"
  }
}
