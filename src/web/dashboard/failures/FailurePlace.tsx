/**
 * Where the failures of a kind are: in which stage of which story, and the line.
 */
import type { FailureGroupJson } from "../../../server/readModels.js"

export const FailurePlace = ({ group }: { readonly group: FailureGroupJson }) => (
  <>
    {group.stage_name === null ? group.story_name : `${group.story_name} › ${group.stage_name}`}
    {group.location !== null && <code>{group.location}</code>}
  </>
)
