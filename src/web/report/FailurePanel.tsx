/**
 * One failure: the error, its place in the source, the values there, and why.
 */
import type { PageFailure } from "../../renderer/html/pageData.js"
import { duration } from "../kit/format.js"
import { SourceBlock } from "../kit/SourceBlock.js"
import { Causes } from "./Causes.js"
import { FailureHead } from "./FailureHead.js"
import { FailureSide, hasSide } from "./FailureSide.js"
import { Frames } from "./Frames.js"
import type { FailurePanelProps } from "./failurePanelProps.js"

export const FailurePanel = (props: FailurePanelProps) => {
  const { failure, index, whole } = props
  const isBeside = hasSide(props)
  return (
    <>
      <FailureHead {...props} />
      <div class={isBeside ? "failure-body" : "failure-body single"}>
        <div class="failure-main">
          {failure.snippet.length > 0 && <SourceBlock lines={failure.snippet} />}
          <Causes failure={failure} />
          <Frames failure={failure} />
          {index === 0 && <StagesUntilThen report={whole.report} />}
        </div>
        {isBeside && <FailureSide {...props} />}
      </div>
    </>
  )
}

/** The stages up to the failure, as the report lists them. */
const StagesUntilThen = ({ report: { timeline, timelineOmitted } }: Pick<PageFailure, "report">) =>
  timeline.length === 0 ? null : (
    <details class="block until">
      <summary>
        <h3>Stages until then</h3>
      </summary>
      <ol class="until-list">
        {timeline.map(({ depth, durationSeconds, index, name, status }) => (
          <li key={index} class={`s-${status}`} style={{ "--depth": String(Math.min(depth, 8)) }}>
            <span>{name}</span>
            <span class="muted">{durationSeconds === null ? status : duration(durationSeconds)}</span>
          </li>
        ))}
        {timelineOmitted > 0 && <li class="muted">{`and ${timelineOmitted} more between`}</li>}
      </ol>
    </details>
  )
