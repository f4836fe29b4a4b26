/**
 * What is said of each of what is compared. What all have in common is folded.
 */
import type { ComparedFieldJson, ComparedSubjectJson } from "../../../server/readModels.js"
import { count } from "../../kit/format.js"
import { Value } from "../../kit/ValueTable.js"
import { SubjectColumns } from "./ComparedSubjects.js"

interface ComparedFieldsProps {
  readonly fields: ReadonlyArray<ComparedFieldJson>
  readonly subjects: ReadonlyArray<ComparedSubjectJson>
}

/** What identifies a story or a run, and is no difference between two of them. */
const alwaysDiffers = /^(?:id|.*_id|.*_at|.*_time|process|revisions)$/

export const ComparedFields = ({ fields, subjects }: ComparedFieldsProps) => {
  const own = fields.filter(({ differs, name }) => differs && alwaysDiffers.test(name))
  const differing = fields.filter((field) => field.differs && !own.includes(field))
  const equal = fields.filter(({ differs }) => !differs)
  return (
    <section class="card" aria-labelledby="fields-title">
      <header class="card-head">
        <h2 id="fields-title">Outcome, labels and work</h2>
        <span class="muted">{`${count(differing.length, "difference")}`}</span>
      </header>
      {differing.length > 0 && <Fields fields={differing} subjects={subjects} />}
      {own.length > 0 && (
        <details class="folded">
          <summary>{`${count(own.length, "id or time", "ids and times")}, which are each one's own`}</summary>
          <Fields fields={own} subjects={subjects} />
        </details>
      )}
      {equal.length > 0 && (
        <details class="folded">
          <summary>{`${count(equal.length, "equal field")}`}</summary>
          <Fields fields={equal} subjects={subjects} />
        </details>
      )}
    </section>
  )
}

const Fields = ({ fields, subjects }: ComparedFieldsProps) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must be able to
  <div class="compared-scroll" tabIndex={0} role="region" aria-label="Fields">
    <table class="list compared" style={{ "--columns": subjects.length }}>
      <SubjectColumns of="Field" subjects={subjects} />
      <tbody>
        {fields.map(({ name, section, values }) => (
          <tr key={`${section} ${name}`}>
            <th scope="row">
              <span class="muted">{section}</span> {name}
            </th>
            {values.map((value, at) => (
              <td key={subjects[at]?.id}>{value === null ? <span class="muted">–</span> : <Value value={value} />}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)
