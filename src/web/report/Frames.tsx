/**
 * The frames of a failure, with the values that were in them, and its stack.
 */
import type { Failure, StackFrame } from "../../event/FailureReport.js"
import { count } from "../kit/format.js"
import { Icon } from "../kit/Icon.js"
import { ValueTable } from "../kit/ValueTable.js"
import { functionLabel } from "./labels.js"

/** How many frames with values are open at first. */
const openFrames = 3

interface FramesProps {
  readonly failure: Failure
}

export const Frames = ({ failure }: FramesProps) => {
  const { stackFrames, stackText } = failure
  const ours = stackFrames.filter(({ locals, origin }) => origin === "app" || locals !== null)
  const others = stackFrames.filter((frame) => !ours.includes(frame))
  const withLocals = ours.filter(({ locals }) => locals !== null)
  const opened = withLocals.slice(0, openFrames)
  return (
    <>
      {ours.length > 0 && (
        <section class="block frames">
          <h3>
            {withLocals.length > 0 ? "Frames and values" : "Frames"}
            <span class="muted">innermost first</span>
          </h3>
          {ours.map((frame) => (
            <Frame frame={frame} isOpen={opened.includes(frame)} />
          ))}
        </section>
      )}
      {others.length > 0 && (
        <details class="block">
          <summary>
            <h3>
              {count(others.length, "frame")}
              {" of dependencies"}
            </h3>
          </summary>
          {others.map((frame) => (
            <Frame frame={frame} isOpen={false} />
          ))}
        </details>
      )}
      {stackText !== "" && <Stack failure={failure} />}
    </>
  )
}

const Stack = ({ failure: { hiddenFrameCount, stackText, stackTruncated } }: FramesProps) => (
  <details class="block stack">
    <summary>
      <h3>Stack</h3>
      {hiddenFrameCount > 0 && <span class="muted">{`${hiddenFrameCount} frames hidden above`}</span>}
    </summary>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must be able to */}
    <pre tabIndex={0}>{stackText}</pre>
    {stackTruncated && <p class="muted">It was cut at its old end.</p>}
  </details>
)

interface FrameProps {
  readonly frame: StackFrame
  readonly isOpen: boolean
}

export const Frame = ({ frame, isOpen }: FrameProps) => {
  const place = `${frame.file}:${frame.line}`
  const title = (
    <>
      <span class="frame-name">{functionLabel(frame.function) || "(anonymous)"}</span>
      <code class="frame-place">{place}</code>
      {frame.suspended && <span class="chip">waiting</span>}
      {frame.origin !== "app" && <span class="chip">{frame.origin}</span>}
    </>
  )
  if (frame.locals === null || Object.keys(frame.locals).length === 0) {
    return (
      <div class="frame" data-frame={place}>
        {title}
      </div>
    )
  }
  return (
    <details class="frame with-locals" data-frame={place} open={isOpen}>
      <summary>
        <Icon name="caret" class="twist-icon" />
        {title}
      </summary>
      <ValueTable values={frame.locals} class="locals" />
    </details>
  )
}
