/**
 * Which log lines and notes are shown.
 */
import { computed, type ReadonlySignal, signal } from "@preact/signals"
import type { PageEntry } from "../../renderer/html/pageData.js"
import type { View } from "./view.js"

/** How many lines are shown at once. */
const portion = 200
/** Most lines on paper. */
const maxPrinted = 500

const levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "NOTE"] as const
export type Level = (typeof levels)[number]

export const levelOf = (entry: PageEntry): Level => (entry.note === true ? "NOTE" : (entry.level ?? "INFO"))

/** The class that colours a level. */
export const levelClass = (level: Level): string => `l-${level.toLowerCase()}`

export class LogState {
  readonly #hidden = signal<ReadonlySet<Level>>(new Set())
  readonly #shown = signal(portion)
  /** The levels that occur, and how often. */
  readonly levels: ReadonlyArray<{ readonly level: Level; readonly count: number }>
  /** The lines that the search finds, of the levels that are not hidden. */
  readonly matching: ReadonlySignal<ReadonlyArray<PageEntry>>
  /** The first of them. */
  readonly shown: ReadonlySignal<ReadonlyArray<PageEntry>>

  constructor(
    readonly view: View,
    printing: ReadonlySignal<boolean>
  ) {
    const { entries } = view.tree.story
    this.levels = levels
      .map((level) => ({ level, count: entries.filter((entry) => levelOf(entry) === level).length }))
      .filter(({ count }) => count > 0)
    this.matching = computed(() =>
      entries.filter((entry) => !this.isHidden(levelOf(entry)) && isFound(entry, view.query))
    )
    this.shown = computed(() =>
      this.matching.value.slice(0, printing.value ? Math.max(this.#shown.value, maxPrinted) : this.#shown.value)
    )
  }

  isHidden(level: Level): boolean {
    return this.#hidden.value.has(level)
  }

  toggle(level: Level): void {
    const hidden = new Set(this.#hidden.value)
    if (!hidden.delete(level)) hidden.add(level)
    this.#hidden.value = hidden
    this.reset()
  }

  /** Shows the first lines only. */
  reset(): void {
    this.#shown.value = portion
  }

  showMore(): void {
    this.#shown.value += portion
  }
}

const isFound = ({ data, text }: PageEntry, query: string): boolean =>
  query === "" || `${text}\n${data === undefined ? "" : JSON.stringify(data)}`.toLowerCase().includes(query)
