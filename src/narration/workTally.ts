/**
 * The work of one story, added up while it runs.
 */
import type * as Work from "../event/WorkSummary.js"

/** Most models, and most metrics of quality, of one story. */
const mostNames = 32

type Counts = { -readonly [Name in keyof Omit<Work.ModelUse, "model">]: number }

export class WorkTally {
  readonly #models = new Map<string, Counts>()
  readonly #quality = new Map<string, { count: number; sum: number }>()
  readonly #items = { discovered: 0, succeeded: 0, failed: 0, skipped: 0 }
  #calls = 0
  #failedCalls = 0

  use(model: string, name: keyof Counts, amount: number): void {
    const use = entry(this.#models, model, () => ({
      promptTokens: 0,
      completionTokens: 0,
      cachedTokens: 0,
      reasoningTokens: 0,
      costUsd: 0
    }))
    use[name] += amount
  }

  score(metric: string, score: number): void {
    const quality = entry(this.#quality, metric, () => ({ count: 0, sum: 0 }))
    quality.count += 1
    quality.sum += score
  }

  items(result: keyof Work.Work["items"], count: number): void {
    this.#items[result] += count
  }

  call(failed: boolean): void {
    this.#calls += 1
    if (failed) this.#failedCalls += 1
  }

  get work(): Work.Work {
    return {
      models: Array.from(this.#models, ([model, counts]) => ({ model, ...counts })),
      quality: Array.from(this.#quality, ([metric, { count, sum }]) => ({ metric, count, average: sum / count })),
      items: { ...this.#items },
      calls: this.#calls,
      failedCalls: this.#failedCalls
    }
  }
}

const entry = <A>(entries: Map<string, A>, name: string, make: () => A): A => {
  const shown = entries.has(name) || entries.size < mostNames - 1 ? name : "other"
  const known = entries.get(shown)
  if (known !== undefined) return known
  const made = make()
  entries.set(shown, made)
  return made
}
