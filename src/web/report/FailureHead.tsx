/**
 * What the error says, and where it happened.
 */
import type { Failure } from "../../event/FailureReport.js"
import { CopyButton } from "../kit/CopyButton.js"
import { offset } from "../kit/format.js"
import type { FailurePanelProps } from "./failurePanelProps.js"
import { functionLabel, pathLabel } from "./labels.js"

/** Longest message shown at once. */
const shortMessage = 600

/** How the place was found, where it is not plainly the place. */
const reasons: { readonly [reason in Failure["locationReason"]]?: string } = {
  called: "a guess",
  generator: "the generator that was waiting",
  span: "where the nearest span is made",
  bundle: "in a bundle without a source map",
  stage: "where the stage is defined",
  innermost_frame: "the innermost frame",
  unknown: "place unknown"
}

export const FailureHead = ({ failure, index, show, tree, whole }: FailurePanelProps) => (
  <header class="failure-head">
    <p class="eyebrow">
      <span class="eyebrow-kind">{whole.handled === true ? "Handled failure" : "Failure"}</span>
      {failure.kind === "die" && <span class="chip">defect</span>}
      {failure.errorCode !== "UNKNOWN" && <span class="chip">{failure.errorCode}</span>}
      {failure.retryable && <span class="chip">retryable</span>}
      {failure.details?.code != null && (
        <span class="chip" title="The error's own code">
          {failure.details.code}
        </span>
      )}
      {whole.report.failures.length > 1 && pathLabel(failure.path) !== undefined && (
        <span class="chip" title={`Its place in the cause: ${failure.path}`}>
          {pathLabel(failure.path)}
        </span>
      )}
      {/* Putting a report together may take longer than the rest of the story did. */}
      <span class="muted">{offset(Math.min(whole.at, tree.span))}</span>
    </p>
    <h2 class="error-type">{failure.errorType}</h2>
    <Message text={failure.errorMessage} />
    <p class="failure-place">
      {failure.stagePath.length > 0 && (
        <StageLink path={failure.stagePath} stage={whole.stages[index] ?? undefined} show={show} />
      )}
      {failure.location !== null && <Location place={failure.location} />}
      {reasons[failure.locationReason] !== undefined && <span class="muted">{reasons[failure.locationReason]}</span>}
    </p>
  </header>
)

const Message = ({ text }: { readonly text: string }) =>
  text.length <= shortMessage ? (
    <p class="error-message">{text}</p>
  ) : (
    <details class="error-message">
      <summary>{`${text.slice(0, shortMessage)}…`}</summary>
      <p>{text}</p>
    </details>
  )

interface StageLinkProps {
  readonly path: ReadonlyArray<string>
  /** Its node, where it is on the page. */
  readonly stage: number | undefined
  readonly show: (id: number) => void
}

const StageLink = ({ path, show, stage }: StageLinkProps) => (
  <button
    type="button"
    class="link stage-link"
    disabled={stage === undefined}
    onClick={() => {
      if (stage !== undefined) show(stage)
    }}
  >
    {path.join(" › ")}
  </button>
)

const Location = ({ place }: { readonly place: NonNullable<Failure["location"]> }) => {
  const where = `${place.file}:${place.line}:${place.column}`
  return (
    <span class="location">
      <code>{where}</code>
      <span class="muted">{functionLabel(place.function)}</span>
      <CopyButton text={where} what="the location" />
    </span>
  )
}
