/**
 * A report of one or more stories: which of them is open, the search, the list of keys, and whether it is printed.
 */
import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals"
import { createRef } from "preact"
import type { PageStory, ReportData } from "../../renderer/html/pageData.js"
import type { Key } from "../kit/keys.js"
import { toggleTheme } from "../kit/theme.js"
import type { ListedStory } from "./StoryList.js"
import { StoryState } from "./storyState.js"

/** Between a key and the search for what was typed, in milliseconds. */
const typingPause = 80

export class ReportState {
  readonly searchText = signal("")
  readonly searchInput = createRef<HTMLInputElement>()
  readonly areKeysShown = signal(false)
  readonly printing = signal(false)
  /** Newest first. */
  readonly stories: ReadonlyArray<ListedStory>
  /** A reader comes for what failed. */
  readonly #firstAt: number
  readonly #openAt: Signal<number>
  readonly open: ReadonlySignal<StoryState | undefined>
  readonly found: ReadonlySignal<string>
  #typing: ReturnType<typeof setTimeout> | undefined

  constructor(readonly data: ReportData) {
    this.stories = data.stories.map(listed)
    this.#firstAt = Math.max(
      0,
      this.stories.findIndex(({ status }) => status === "failed" || status === "timeout")
    )
    this.#openAt = signal(this.#firstAt)
    this.open = computed(() => {
      const story = data.stories[this.#openAt.value]
      return story && new StoryState(story, this.isList ? null : data.title, this.printing)
    })
    this.found = computed(() => this.open.value?.found.value ?? "")
    effect(() => {
      const root = this.open.value?.tree.root?.node
      if (this.open.value !== undefined) document.title = `${root?.name ?? ""} – ${root?.story?.status ?? ""}`
    })
  }

  /** Whether it lists its stories beside the open one. */
  get isList(): boolean {
    return this.data.stories.length > 1 || this.data.omittedStories > 0
  }

  get openHref(): string {
    return hrefOf(this.#openAt.value)
  }

  /** Opens the story that the address names; where it names none, the newest that failed, or else the newest. */
  follow(hash: string): void {
    const named = this.stories.findIndex(({ href }) => href === hash)
    // Another part of this page.
    if (named < 0 && hash !== "") return
    const at = named < 0 ? this.#firstAt : named
    if (at !== this.#openAt.value) this.#type("")
    this.#openAt.value = at
  }

  #type(text: string): void {
    clearTimeout(this.#typing)
    this.searchText.value = text
  }

  /** Takes over what is typed, and searches it after a pause. */
  readonly type = (text: string): void => {
    this.#type(text)
    this.#typing = setTimeout(() => this.open.value?.search(text), typingPause)
  }

  /** Searches at once, and goes to the first hit. */
  readonly enter = (): void => {
    clearTimeout(this.#typing)
    this.open.value?.search(this.searchText.value)
    this.open.value?.showFirstHit()
  }

  /** Clears the search; where there is none, closes the details. */
  clear(): void {
    const input = this.searchInput.current
    if (this.searchText.value !== "" || document.activeElement === input) {
      this.#type("")
      this.open.value?.search("")
      input?.blur()
    } else this.open.value?.view.select(undefined)
  }

  get keys(): ReadonlyArray<Key> {
    const openKeys = () => {
      this.areKeysShown.value = true
    }
    const search = () => {
      this.searchInput.current?.focus()
      this.searchInput.current?.select()
    }
    return [
      { keys: ["j"], does: "Next stage", run: () => void this.open.value?.waterfall.move(1) },
      { keys: ["k"], does: "Stage before", run: () => void this.open.value?.waterfall.move(-1) },
      { keys: ["f"], does: "Next failure", run: () => this.open.value?.nextFailure() },
      { keys: ["/"], does: "Search", run: search },
      { keys: ["Esc"], does: "Clear the search; close the details", run: () => this.clear() },
      { keys: ["0"], does: "Show all of the time", run: () => this.open.value?.view.resetZoom() },
      { keys: ["t"], does: "Light or dark", run: toggleTheme },
      { keys: ["?"], does: "This list", run: openKeys }
    ]
  }
}

const hrefOf = (at: number): string => `#story-${at}`

const listed = (story: PageStory, at: number): ListedStory => {
  const root = story.nodes[0]
  const failed = story.failures.find(({ handled }) => handled !== true)?.report.failures[0]
  return {
    id: root?.story?.id ?? "",
    name: root?.name ?? "",
    status: root?.story?.status ?? "running",
    ...(story.unfinished === true && root?.seconds === undefined ? { unfinished: true } : {}),
    startedAt: story.startedAt,
    seconds: root?.seconds ?? null,
    outcome: root?.story?.outcome ?? null,
    stages: root?.story?.startedStages ?? 0,
    error: failed === undefined ? null : `${failed.errorType}: ${failed.errorMessage}`,
    href: hrefOf(at)
  }
}
