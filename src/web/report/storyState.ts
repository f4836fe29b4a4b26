/**
 * The page of one story: what is looked at, and what its parts do to one another.
 */
import { computed, type ReadonlySignal } from "@preact/signals"
import type { PageStory } from "../../renderer/html/pageData.js"
import { count } from "../kit/format.js"
import { FailureList } from "./failureList.js"
import { LogState } from "./logState.js"
import { isFailed, type Tree, treeOf } from "./tree.js"
import { View } from "./view.js"
import { WaterfallState } from "./waterfallState.js"

export class StoryState {
  readonly tree: Tree
  readonly view: View
  readonly waterfall: WaterfallState
  readonly failures: FailureList
  readonly log: LogState
  /** What the search found, in words. */
  readonly found: ReadonlySignal<string>

  constructor(
    story: PageStory,
    /** Above the story's name. */
    readonly title: string | null,
    readonly printing: ReadonlySignal<boolean>
  ) {
    this.tree = treeOf(story)
    this.view = new View(this.tree)
    this.waterfall = new WaterfallState(this.view, printing)
    this.failures = new FailureList(story.failures)
    this.log = new LogState(this.view, printing)
    this.found = computed(() => this.#found())
  }

  /** Selects a node and brings it into sight. */
  readonly show = (id: number): void => void this.waterfall.show(id)

  /** Shows the stages that failed, and no others. */
  readonly showFailed = (): void => {
    this.view.showFailedOnly(true)
    document.getElementById("stages-title")?.scrollIntoView({ block: "start" })
  }

  search(query: string): void {
    this.view.search(query)
    this.log.reset()
    // What was chosen among the hits must not be lost among all rows.
    if (this.view.hits.value === undefined) void this.waterfall.reveal()
  }

  showFirstHit(): void {
    const hit = this.view.rows.value.find(({ node }) => this.view.hits.value?.has(node.id))
    if (hit !== undefined) this.show(hit.node.id)
  }

  /** The next report of a failure; where there is none, the next stage that failed. */
  nextFailure(): void {
    if (this.failures.next()) return
    const failed = this.tree.nodes.filter(({ node }) => isFailed(node))
    const after = failed.find(({ node }) => node.id > (this.view.selected ?? -1)) ?? failed[0]
    if (after !== undefined) this.show(after.node.id)
  }

  #found(): string {
    const { query } = this.view
    const hits = this.view.hits.value
    if (hits === undefined) return ""
    const reports = this.tree.story.failures.filter(({ report }) =>
      report.failures.some((failure) =>
        `${failure.errorType}\n${failure.errorMessage}\n${failure.exceptionChain}`.toLowerCase().includes(query)
      )
    ).length
    const lines = this.log.matching.value.length
    return [
      count(hits.size, "stage"),
      lines > 0 ? count(lines, "line") : "",
      reports > 0 ? count(reports, "failure") : ""
    ]
      .filter((text) => text !== "")
      .join(" · ")
  }
}
