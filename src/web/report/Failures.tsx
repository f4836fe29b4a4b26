/**
 * What failed, in the order in which the reader should see it.
 */
import { useLayoutEffect, useRef } from "preact/hooks"
import { count } from "../kit/format.js"
import { FailureCard } from "./FailureCard.js"
import type { StoryState } from "./storyState.js"

export const Failures = ({ state }: { readonly state: StoryState }) => {
  const element = useRef<HTMLDivElement>(null)
  const printing = state.printing.value
  const { omitted } = state.tree.story
  useLayoutEffect(() => {
    if (element.current !== null) openDetails(element.current, printing)
  }, [printing])
  return (
    <div class="failures" ref={element}>
      {state.failures.cards.map((card) => (
        <FailureCard key={card.id} card={card} tree={state.tree} printing={printing} show={state.show} />
      ))}
      {omitted.failures > 0 && <p class="muted">{`${count(omitted.failures, "report")} were left out.`}</p>}
    </div>
  )
}

/** Opens everything for paper, and closes afterwards what the reader had closed. */
const openDetails = (within: Element, printing: boolean): void => {
  for (const details of within.querySelectorAll<HTMLDetailsElement>(
    printing ? ".failure details:not([open])" : ".failure details[data-printed]"
  )) {
    details.open = printing
    details.toggleAttribute("data-printed", printing)
  }
}
