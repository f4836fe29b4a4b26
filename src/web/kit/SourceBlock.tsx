/**
 * Lines of source code in colour, with their numbers.
 */
import { tokensOf } from "./sourceTokens.js"

export interface SourceLine {
  readonly line: number
  readonly text: string
  readonly failing: boolean
}

export const SourceBlock = ({ lines }: { readonly lines: ReadonlyArray<SourceLine> }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must be able to
  <div class="source" role="figure" aria-label="Source" tabIndex={0}>
    {lines.map(({ failing, line, text }) => (
      <div key={line} class={failing ? "source-line failing" : "source-line"} data-line={line}>
        <span class="source-number">{line}</span>
        <code>
          {failing && <span class="sr-only">failing line: </span>}
          {tokensOf(text).map(({ kind, text }) => (kind === "plain" ? text : <span class={`t-${kind}`}>{text}</span>))}
        </code>
      </div>
    ))}
  </div>
)
