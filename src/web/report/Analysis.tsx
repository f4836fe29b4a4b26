/**
 * What an analyzer said of a failure, each citation leading to what it cites where that is on the page.
 */
import type { ComponentChildren } from "preact"
import type { Citation, FailureAnalysis } from "../../event/FailureAnalysis.js"
import { count, duration } from "../kit/format.js"
import { type Cited, targetOf } from "./citations.js"

interface AnalysisProps {
  readonly analysis: FailureAnalysis
  readonly latencySeconds: number | undefined
  readonly cited: Cited
}

export const Analysis = ({ analysis, cited, latencySeconds }: AnalysisProps) => {
  const by = [
    analysis.analyzer,
    analysis.model,
    latencySeconds === undefined ? null : `after ${duration(latencySeconds)}`
  ]
  return (
    <section class="analysis" aria-label="Analysis">
      <h3>
        Analysis
        <span class="muted">{by.filter((text) => text !== null).join(" · ")}</span>
      </h3>
      {analysis.rawText === null ? (
        <Findings analysis={analysis} cited={cited} />
      ) : (
        <p class="analysis-raw">{analysis.rawText}</p>
      )}
      {analysis.droppedCitations > 0 && (
        <p class="muted">{`${count(analysis.droppedCitations, "citation")} removed: not in the report.`}</p>
      )}
    </section>
  )
}

const Findings = ({ analysis, cited }: Pick<AnalysisProps, "analysis" | "cited">) => (
  <>
    <Paragraph title="Why" text={analysis.exactWhy} />
    {analysis.evidence.length > 0 && (
      <Part title="Evidence">
        <ul>
          {analysis.evidence.map(({ cites, text }) => (
            <li>
              {text}{" "}
              {cites.map((citation) => (
                <>
                  <CitationLink citation={citation} cited={cited} />{" "}
                </>
              ))}
            </li>
          ))}
        </ul>
      </Part>
    )}
    <Paragraph title="Fix" text={analysis.targetedFix} />
    {analysis.codeChanges.trim() !== "" && (
      <Part title="Change">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must be able to */}
        <pre tabIndex={0}>{analysis.codeChanges}</pre>
      </Part>
    )}
  </>
)

const Part = ({ children, title }: { readonly title: string; readonly children: ComponentChildren }) => (
  <div class="analysis-part">
    <h4>{title}</h4>
    {children}
  </div>
)

const Paragraph = ({ text, title }: { readonly title: string; readonly text: string }) =>
  text.trim() === "" ? null : (
    <Part title={title}>
      <p>{text}</p>
    </Part>
  )

const CitationLink = ({ citation, cited }: { readonly citation: Citation; readonly cited: Cited }) => {
  const go = targetOf(citation, cited)
  const properties = { class: "citation", title: citation.text }
  return go === undefined ? (
    <span {...properties}>{citation.id}</span>
  ) : (
    <button type="button" {...properties} onClick={({ currentTarget }) => go(currentTarget)}>
      {citation.id}
    </button>
  )
}
