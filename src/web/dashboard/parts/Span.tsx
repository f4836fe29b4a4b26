/**
 * Numbers and times as the lists of the dashboard show them.
 */
import { duration } from "../../kit/format.js"
import { ago, inFull, millisOf, when } from "../times.js"

interface MomentProps {
  /** ISO 8601. */
  readonly at: string | null
  /** Whether it says how long ago that is. */
  readonly relative?: boolean
}

export const Moment = ({ at, relative = false }: MomentProps) => {
  const millis = millisOf(at)
  if (at === null || millis === undefined) return <span class="muted">–</span>
  return (
    <time dateTime={at} title={inFull(millis)}>
      {relative ? ago(millis) : when(millis)}
    </time>
  )
}

export const Took = ({ seconds }: { readonly seconds: number | null }) =>
  seconds === null ? <span class="muted">–</span> : <span>{duration(seconds)}</span>

/** The same, where there are many rows. */
export const LabelLine = ({ labels }: { readonly labels: { readonly [name: string]: string } }) =>
  Object.keys(labels).length === 0 ? null : (
    <span class="label-line">
      {Object.entries(labels).map(([name, value]) => (
        <span key={name}>
          {name} <b>{value}</b>
        </span>
      ))}
    </span>
  )

export const Labels = ({ labels }: { readonly labels: { readonly [name: string]: string } }) => (
  <>
    {Object.entries(labels).map(([name, value]) => (
      <span key={name} class="chip label">
        <span class="muted">{name}</span>
        {value}
      </span>
    ))}
  </>
)
