/**
 * The stories: a list with a search, or the one that the address names.
 */
import { address } from "../router.js"
import { StoryList } from "./StoryList.js"
import { StoryView } from "./StoryView.js"

export const StoriesView = () => {
  const [, id] = address.value.path
  return id === undefined ? <StoryList /> : <StoryView key={id} id={id} />
}
