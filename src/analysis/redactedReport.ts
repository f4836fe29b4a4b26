/**
 * A failure report as it leaves for an analyzer, which may be another company's machine.
 */
import type { Failure, FailureReport, StackFrame } from "../event/FailureReport.js"
import type { PlainRecord, PlainValue } from "../plain/PlainValue.js"

/**
 * The report without what has become a secret since the names and annotations in it were first emitted: in renderers that
 * cannot be undone, to an analyzer they need not be repeated. Its other texts are redacted already.
 */
export const redactedReport = (report: FailureReport, hide: (text: string) => string): FailureReport => {
  const hideName = (name: string | null) => (name === null ? null : hide(name))
  // A place may be called after its span.
  const hideLocation = (location: Failure["location"]) =>
    location === null ? null : { ...location, function: hide(location.function) }
  const hideFrame = (frame: StackFrame): StackFrame =>
    frame.locals === null ? frame : { ...frame, locals: hiddenIn(frame.locals, hide) }
  const hideFailure = (failure: Failure): Failure => ({
    ...failure,
    stageName: hideName(failure.stageName),
    stagePath: failure.stagePath.map(hide),
    stageAttributes: hiddenIn(failure.stageAttributes, hide),
    facts: hiddenIn(failure.facts, hide),
    location: hideLocation(failure.location),
    spans: failure.spans.map((span) => ({
      ...span,
      name: hide(span.name),
      location: hideLocation(span.location),
      attributes: hiddenIn(span.attributes, hide)
    })),
    causes: failure.causes.map((error) => ({ ...error, stackFrames: error.stackFrames.map(hideFrame) })),
    stackFrames: failure.stackFrames.map(hideFrame)
  })
  const [primary, ...others] = report.failures
  return {
    ...report,
    storyName: hideName(report.storyName),
    failures: [hideFailure(primary), ...others.map(hideFailure)],
    interruptors: report.interruptors.map((by) => ({
      ...by,
      storyName: hideName(by.storyName),
      stageName: hideName(by.stageName)
    })),
    timeline: report.timeline.map((stage) => ({ ...stage, name: hide(stage.name) }))
  }
}

const hiddenIn = (record: PlainRecord, hide: (text: string) => string): PlainRecord =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, hidden(value, hide)]))

const hidden = (value: PlainValue, hide: (text: string) => string): PlainValue => {
  if (typeof value === "string") return hide(value)
  if (Array.isArray(value)) return value.map((inner) => hidden(inner, hide))
  return typeof value === "object" && value !== null ? hiddenIn(value as PlainRecord, hide) : value
}
