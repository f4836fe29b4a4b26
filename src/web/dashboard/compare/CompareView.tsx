/**
 * What differs: between two to six stories or runs, or between two groups of stories.
 */
import type { ComparisonJson } from "../../../server/readModels.js"
import { get } from "../api.js"
import { Answer } from "../parts/Answer.js"
import { address } from "../router.js"
import { useLoaded } from "../useLoaded.js"
import { ComparedFields } from "./ComparedFields.js"
import { ComparedStages } from "./ComparedStages.js"
import { ComparedSubjects } from "./ComparedSubjects.js"
import { CompareForm } from "./CompareForm.js"
import { comparePath, groupsOf, idsOf } from "./compareQuery.js"
import { GroupComparison } from "./GroupComparison.js"

export const CompareView = () => {
  const { query } = address.value
  const groups = groupsOf(query)
  if (groups !== undefined) return <GroupComparison filter={groups} />
  const ids = idsOf(query)
  return ids.length < 2 ? <CompareForm first={ids[0]} /> : <Comparison ids={ids} />
}

const Comparison = ({ ids }: { readonly ids: ReadonlyArray<string> }) => {
  const path = comparePath(ids)
  const comparison = useLoaded(path, (signal) => get<ComparisonJson>(path, {}, signal))
  return (
    <Answer of={comparison} what="These could not be compared">
      {(value) => (
        <>
          <ComparedSubjects subjects={value.subjects} ids={ids} />
          <ComparedStages comparison={value} />
          <ComparedFields fields={value.fields} subjects={value.subjects} />
        </>
      )}
    </Answer>
  )
}
