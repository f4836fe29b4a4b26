/**
 * The failures of a story, and going from one to the next.
 */
import { signal } from "@preact/signals"
import type { PageFailure } from "../../renderer/html/pageData.js"
import { flash } from "../kit/flash.js"
import { rendered } from "../kit/rendered.js"

/** A report of one or more failures at once. */
export class FailureCardState {
  /** Which of its failures is shown. */
  readonly chosen = signal(0)

  constructor(
    readonly failure: PageFailure,
    /** Of its element. */
    readonly id: string
  ) {}

  async reveal(): Promise<void> {
    await rendered()
    const element = document.getElementById(this.id)
    if (element === null) return
    element.scrollIntoView({ block: "start" })
    element.focus({ preventScroll: true })
    flash(element)
  }
}

export class FailureList {
  /** Those that were handled come last. */
  readonly cards: ReadonlyArray<FailureCardState>
  #last = -1

  constructor(failures: ReadonlyArray<PageFailure>) {
    const isHandled = ({ handled }: PageFailure) => handled === true
    const ordered = [...failures.filter((failure) => !isHandled(failure)), ...failures.filter(isHandled)]
    this.cards = ordered.map((failure, i) => new FailureCardState(failure, `failure-${i}`))
  }

  /** Shows the failure that came from a node. `undefined` where none did. */
  showOf(node: number): (() => void) | undefined {
    const card = this.cards.find(({ failure }) => failure.stages.includes(node))
    if (card === undefined) return undefined
    return () => {
      card.chosen.value = card.failure.stages.indexOf(node)
      void card.reveal()
    }
  }

  /** Goes to the next one, and after the last to the first. Whether there is one. */
  next(): boolean {
    if (this.cards.length === 0) return false
    this.#last = (this.#last + 1) % this.cards.length
    void this.cards[this.#last]?.reveal()
    return true
  }
}
