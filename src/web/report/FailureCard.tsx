/**
 * One report: a failure, or several at once behind tabs.
 */
import { useRef } from "preact/hooks"
import { count } from "../kit/format.js"
import { FailurePanel } from "./FailurePanel.js"
import type { FailureCardState } from "./failureList.js"
import type { Tree } from "./tree.js"

interface FailureCardProps {
  readonly card: FailureCardState
  readonly tree: Tree
  readonly printing: boolean
  /** Shows a stage. */
  readonly show: (id: number) => void
}

export const FailureCard = ({ card, printing, show, tree }: FailureCardProps) => {
  const { failure, id } = card
  const { failures } = failure.report
  const isHandled = failure.handled === true
  const isTabbed = failures.length > 1
  return (
    <section
      class={isHandled ? "card failure handled" : "card failure"}
      id={id}
      tabIndex={-1}
      aria-label={isHandled ? "Handled failure" : "Failure"}
    >
      {isTabbed && <Tabs card={card} />}
      {failures.map((one, i) => (
        <div
          key={tabId(id, i)}
          class="failure-panel"
          id={panelId(id, i)}
          {...(isTabbed && { role: "tabpanel", "aria-labelledby": tabId(id, i) })}
          hidden={!printing && i !== card.chosen.value}
        >
          <FailurePanel failure={one} index={i} whole={failure} tree={tree} show={show} />
        </div>
      ))}
    </section>
  )
}

const tabId = (card: string, i: number): string => `${card}-tab-${i}`
const panelId = (card: string, i: number): string => `${card}-panel-${i}`

const Tabs = ({ card: { chosen, failure, id } }: Pick<FailureCardProps, "card">) => {
  const list = useRef<HTMLDivElement>(null)
  const { failures } = failure.report
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0
    if (step === 0) return
    const next = (chosen.value + step + failures.length) % failures.length
    chosen.value = next
    list.current?.querySelectorAll<HTMLElement>(".tab")[next]?.focus()
    event.preventDefault()
  }
  return (
    <div class="tabs">
      <span class="tabs-title">{`${count(failures.length, "failure")} at once`}</span>
      <div class="tablist" role="tablist" ref={list}>
        {failures.map((one, i) => (
          <button
            key={tabId(id, i)}
            type="button"
            class="tab"
            id={tabId(id, i)}
            role="tab"
            aria-controls={panelId(id, i)}
            aria-selected={i === chosen.value}
            tabIndex={i === chosen.value ? 0 : -1}
            onClick={() => {
              chosen.value = i
            }}
            onKeyDown={move}
          >
            <span class="tab-number">{i + 1}</span>
            {one.stageName ?? one.errorType}
          </button>
        ))}
      </div>
    </div>
  )
}
