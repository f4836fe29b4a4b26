/**
 * `Effect.log*` inside a story, told as an event.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as HashMap from "effect/HashMap"
import * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import type { LogRecorded } from "../NarrativeEvent.js"
import * as PlainValue from "../PlainValue.js"
import { Redaction } from "../Redaction.js"
import * as DefaultRenderer from "../renderer/DefaultRenderer.js"
import * as events from "./events.js"
import { regionIn } from "./region.js"
import * as renderers from "./renderers.js"

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
    if (renderers.isHandling() || FiberRefs.getOrDefault(context, renderers.muted) > 0) return
    const region = regionIn(FiberRefs.getOrDefault(context, FiberRef.currentContext))
    if (region === undefined) return
    const chosen = FiberRefs.getOrDefault(context, renderers.current)
    const listeners = chosen === renderers.unset ? DefaultRenderer.current() : chosen
    if (listeners.length === 0) return
    const { span, stage, story } = region
    const redactor = Context.get(FiberRefs.getOrDefault(context, FiberRef.currentContext), Redaction)
    const hide = (text: string) => redactor.text(text, story.secrets)
    // Annotations first: what they hide may stand in the message.
    const shown = redactor.record(Object.fromEntries(HashMap.entries(annotations)), story.secrets)
    const event = events.logRecorded(story, stage, date.getTime(), span, {
      level: levels[logLevel._tag],
      message: messageText(message, (part) => redactor.value(part, story.secrets)),
      annotations: shown,
      cause: Cause.isEmpty(cause) ? null : hide(causeText(cause)),
      fiberId: FiberId.threadName(fiberId)
    })
    // A logger cannot wait; the story's next event does.
    story.owed = renderers.inOrder(story.owed, renderers.tellAll(listeners, event))
  }
)

const messageText = (message: unknown, plain: (part: unknown) => PlainValue.PlainValue): string =>
  PlainValue.clip((Array.isArray(message) ? message : [message]).map((part) => PlainValue.text(plain(part))).join(" "))

const causeText = (cause: Cause.Cause<unknown>): string => {
  try {
    return PlainValue.clip(Cause.pretty(cause, { renderErrorCause: true }))
  } catch {
    return "<unreadable cause>"
  }
}
