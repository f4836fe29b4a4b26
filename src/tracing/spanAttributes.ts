/**
 * What spans and log records say, by the names of OpenTelemetry's semantic conventions, and by ours for what those have
 * no word for: https://opentelemetry.io/docs/specs/semconv/
 */
import type { FailureAnalysis } from "../event/FailureAnalysis.js"
import type { Failure } from "../event/FailureReport.js"
import type { PlainRecord, PlainValue } from "../plain/PlainValue.js"

/** The primary failure of `count`. */
export const failureAttributes = (failure: Failure, count: number): PlainRecord => ({
  "error.type": failure.errorType,
  ...(failure.location === null
    ? {}
    : {
        "code.file.path": failure.location.file,
        "code.line.number": failure.location.line,
        "code.column.number": failure.location.column,
        "code.function.name": failure.location.function
      }),
  ...present({ "narrative.stage.name": failure.stageName, "narrative.hint": failure.hint }),
  "narrative.exception_chain": failure.exceptionChain,
  "narrative.exact_cause": failure.exactCause,
  "narrative.error.code": failure.errorCode,
  "narrative.error.retryable": failure.retryable,
  "narrative.fingerprint": failure.fingerprint,
  "narrative.failures": count
})

export const analysisAttributes = ({ analyzer, model }: FailureAnalysis, latencySeconds: number): PlainRecord => ({
  "narrative.analysis.analyzer": analyzer,
  ...present({ "narrative.analysis.model": model }),
  "narrative.analysis.latency_seconds": latencySeconds
})

/** OpenTelemetry has no word for what is not there. */
export const present = (record: { readonly [name: string]: PlainValue | undefined }): PlainRecord => {
  const found: Record<string, PlainValue> = {}
  for (const [name, value] of Object.entries(record)) if (value !== null && value !== undefined) found[name] = value
  return found
}
