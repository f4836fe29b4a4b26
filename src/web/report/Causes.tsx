/**
 * The errors behind a failure: each with its place, its source and its own frames.
 */
import type { CausingError, Failure } from "../../event/FailureReport.js"
import { SourceBlock } from "../kit/SourceBlock.js"
import { Frame } from "./Frames.js"
import { functionLabel } from "./labels.js"

/** Deeper ones are indented no further. */
const maxDepth = 6

export const Causes = ({ failure }: { readonly failure: Failure }) =>
  failure.causes.length === 0 ? null : (
    <section class="block causes">
      <h3>Caused by</h3>
      {failure.causes.map((cause) => (
        <Cause cause={cause} failure={failure} />
      ))}
    </section>
  )

const Cause = ({ cause, failure }: { readonly cause: CausingError; readonly failure: Failure }) => {
  const { location } = cause
  // The failure's own place is that of the innermost error: its source is above.
  const isAbove = location?.file === failure.location?.file && location?.line === failure.location?.line
  return (
    <div class="cause" style={{ "--depth": String(Math.min(cause.depth - 1, maxDepth)) }}>
      <p class="error-line">
        <strong>{cause.errorType}</strong> {cause.errorMessage}
      </p>
      {location !== null && (
        <p class="frame-place">
          <code>{`${location.file}:${location.line}`}</code> {functionLabel(location.function)}
        </p>
      )}
      {!isAbove && cause.snippet.length > 1 && <SourceBlock lines={cause.snippet} />}
      {cause.stackFrames
        .filter(({ locals, origin }) => origin === "app" || locals !== null)
        .map((frame) => (
          <Frame frame={frame} isOpen={false} />
        ))}
    </div>
  )
}
