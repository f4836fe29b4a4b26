/**
 * What is said of each of what is compared. What all have in common is folded.
 */
import type { ComparedFieldJson, ComparedSubjectJson } from "../../../server/readModels.js"
import { count } from "../../kit/format.js"
import { Value } from "../../kit/ValueTable.js"
import { letterOf } from "./ComparedSubjects.js"

interface ComparedFieldsProps {
  readonly fields: ReadonlyArray<ComparedFieldJson>
  readonly subjects: ReadonlyArray<ComparedSubjectJson>
}

export const ComparedFields = ({ fields, subjects }: ComparedFieldsProps) => {
  const differing = fields.filter(({ differs }) => differs)
  const equal = fields.filter(({ differs }) => !differs)
  return (
    <section class="card" aria-labelledby="fields-title">
      <header class="card-head">
        <h2 id="fields-title">What is said of them</h2>
        <span class="muted">{`${count(differing.length, "difference")}`}</span>
      </header>
      {differing.length > 0 && <Fields fields={differing} subjects={subjects} />}
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
    <table class="list compared">
      <thead>
        <tr>
          <th scope="col">Field</th>
          {subjects.map(({ id }, at) => (
            <th key={id} scope="col">
              {letterOf(at)}
            </th>
          ))}
        </tr>
      </thead>
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
