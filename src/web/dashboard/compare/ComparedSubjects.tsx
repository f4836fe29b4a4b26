/**
 * What is compared. The others are measured by the first one.
 */
import type { ComparedSubjectJson } from "../../../server/readModels.js"
import { duration } from "../../kit/format.js"
import { Moment } from "../parts/Span.js"
import { StateMark } from "../parts/StateMark.js"
import { hrefOf } from "../router.js"
import { storyHref } from "../stories/storyQuery.js"
import { compareHref } from "./compareQuery.js"

interface ComparedSubjectsProps {
  readonly subjects: ReadonlyArray<ComparedSubjectJson>
  readonly ids: ReadonlyArray<string>
}

const letterOf = (at: number): string => String.fromCharCode(65 + at)

interface SubjectColumnsProps {
  /** What the first column names. */
  readonly of: string
  readonly subjects: ReadonlyArray<ComparedSubjectJson>
}

/** The head of a table with a column for each of what is compared. */
export const SubjectColumns = ({ of, subjects }: SubjectColumnsProps) => (
  <thead>
    <tr>
      <th scope="col">{of}</th>
      {subjects.map(({ id }, at) => (
        <th key={id} scope="col">
          {letterOf(at)}
        </th>
      ))}
    </tr>
  </thead>
)

export const ComparedSubjects = ({ ids, subjects }: ComparedSubjectsProps) => {
  const longest = Math.max(1e-9, ...subjects.map(({ duration_seconds }) => duration_seconds ?? 0))
  return (
    <ul class="subjects" aria-label="What is compared">
      {subjects.map((subject, at) => (
        <li key={subject.id} class="subject">
          <div class="subject-head">
            <span class="letter">{letterOf(at)}</span>
            <StateMark state={subject.status} />
            <a
              class="row-link"
              href={
                subject.story_id === null
                  ? hrefOf(["runs"], { run: subject.event_id ?? subject.id })
                  : storyHref(subject.story_id)
              }
            >
              {subject.name}
            </a>
            {ids.length > 2 && (
              <a
                class="plain"
                href={compareHref(ids.filter((_, i) => i !== at))}
                aria-label={`Leave out ${letterOf(at)}, ${subject.name}`}
                title="Leave out"
              >
                ×
              </a>
            )}
          </div>
          <p class="subject-figures">
            <strong>{subject.duration_seconds === null ? "–" : duration(subject.duration_seconds)}</strong>
            {at > 0 && <Change from={subjects[0]?.duration_seconds ?? null} to={subject.duration_seconds} />}
            <span class="muted">
              <Moment at={subject.started_at} />
            </span>
          </p>
          <span
            class="length"
            aria-hidden="true"
            style={{ "--width": `${((subject.duration_seconds ?? 0) / longest) * 100}%` }}
          />
        </li>
      ))}
    </ul>
  )
}

interface ChangeProps {
  readonly from: number | null
  readonly to: number | null
}

/** Changes smaller than this share are not coloured. */
const slight = 0.2

/** By how much a duration is longer or shorter. */
export const Change = ({ from, to }: ChangeProps) => {
  if (from === null || to === null || from <= 0) return null
  const share = to / from - 1
  const tone = Math.abs(share) < slight ? "muted" : share > 0 ? "worse" : "better"
  return <span class={`change ${tone}`}>{changeText(share)}</span>
}

export const changeText = (share: number): string => {
  if (share >= 1) return `${(share + 1).toFixed(share >= 9 ? 0 : 1)}×`
  const percent = Math.round(share * 100)
  return percent === 0 ? "±0 %" : `${percent > 0 ? "+" : "−"}${Math.abs(percent)} %`
}
